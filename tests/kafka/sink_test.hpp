#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ringside/client.hpp"
#include "shm/document/json.hpp"
#include "shm/document/patch.hpp"
#include "tests/kafka/mock_kafka.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_grid.hpp"
#include "tools/support/built_paths.hpp"

namespace ringside::testing {

/// A real `ringside-kafka sink` process with one sink named "out".
class TestSink {
public:
    /// `options` are further lines of the `[[sink]]`, `properties` those of its `[sink.kafka]`.
    TestSink(const TestGrid& grid, const MockKafka& kafka, const std::string& topic,
             const std::string& options = "patterns = [\"event/**\"]",
             const std::string& properties = "")
        : grid_(grid.name()) {
        std::ofstream(directory_ / "kafka.toml")
            << "[kafka]\n\"linger.ms\" = 1\n\"retry.backoff.ms\" = 10\n"
            << "\"reconnect.backoff.ms\" = 10\n\"reconnect.backoff.max.ms\" = 100\n"
            << "\"topic.metadata.refresh.fast.interval.ms\" = 20\n\"bootstrap.servers\" = \""
            << kafka.bootstrap() << "\"\n[[sink]]\nname = \"out\"\ntopic = \"" << topic << "\"\n"
            << options << "\n[sink.kafka]\n"
            << properties << "\n";
        start();
    }

    void start() {
        start_without_waiting();
        wait_until_ready();
    }
    void start_without_waiting() {
        process_ = std::make_unique<Process>(std::vector<std::string>{
            built::kafka, "sink", "--grid", grid_, "--config", directory_ / "kafka.toml"});
    }
    /// Shuts it down. Returns its exit status.
    int stop() { return process_->finish(SIGTERM); }
    void kill() { process_->finish(SIGKILL); }
    /// Waits for it to end. Returns its exit status.
    int wait() { return process_->finish(0); }
    /// REQUIRES: it has ended.
    std::string errors() { return process_->errors(); }
    /// Waits until its log contains the text.
    bool comes_to_say(const std::string& text) { return process_->comes_to_say(text, patience); }
    /// Waits until it reports that it is ready. Returns whether it has.
    bool wait_until_ready() { return is_ready_ = process_->read_line(patience) == "ready"; }
    [[nodiscard]] bool has_ended() const {
        siginfo_t info{};
        return waitid(P_PID, static_cast<id_t>(pid()), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
               info.si_pid == pid();
    }
    [[nodiscard]] bool is_ready() const noexcept { return is_ready_; }
    [[nodiscard]] pid_t pid() const noexcept { return process_->pid(); }

private:
    static constexpr auto patience = std::chrono::seconds(60);

    TemporaryDirectory directory_;
    std::string grid_;
    std::unique_ptr<Process> process_;
    bool is_ready_ = false;
};

/// Attaches to a grid.
inline Client attach(const TestGrid& grid) { return Client::attach({.grid = grid.name()}).value(); }

/// Returns the position of the sink "out".
inline Revision position_of(const Client& client) {
    const auto revision = client.get_value<std::uint64_t>("kafka/out/@position",
                                                          JsonPointer::parse("/revision").value());
    return revision ? *revision : 0;
}

/// Returns one value of the report of the sink "out", or an empty text if there is no report.
inline std::string report_of(const Client& client, const char* member) {
    const auto snapshot = client.snapshot();
    std::string text;
    if (!snapshot) return text;
    static_cast<void>(snapshot->scan("kafka/out/@sink/*", [&](const RecordView& record) {
        text = to_json(record.document()[member]);
        return true;
    }));
    return text;
}

inline std::string header_of(const TestMessage& message, const std::string& name) {
    const auto found = message.headers.find("ringside." + name);
    return found == message.headers.end() ? "" : found->second;
}
inline Revision revision_of(const TestMessage& message) {
    const std::string text = header_of(message, "revision");
    return text.empty() ? 0 : std::stoull(text);
}

/// A consumer of a sink's topic that follows docs/kafka.md. For each name the newest revision
/// counts, and patches that fit the version. After "lagged", current states count, and names that a
/// partition does not mention until "resumed" are gone.
class Mirror {
public:
    void apply(const TestMessage& message) {
        const std::string kind = header_of(message, "kind");
        if (kind == "lagged") told_[message.partition].emplace();
        if (kind == "resumed") forget_untold(message.partition);
        if (kind == "lagged" || kind == "resumed") return;
        const std::string& name = message.key.value();
        auto& told = told_[message.partition];
        if (told) told->insert(name);
        Record& record = records_[name];
        seen_[name][revision_of(message)] += 1;
        const bool counts = told && kind == "current";
        if (!counts && revision_of(message) < record.revision) return;
        const Version version = std::stoull(header_of(message, "version"));
        std::optional<std::string> value = message.value;
        if (header_of(message, "content") == "json-patch") {
            if (!record.value || version != record.version + 1) return;
            value = patched(*record.value, *message.value);
        }
        record = {message.partition, revision_of(message), version, value};
    }

    /// Returns the existing names and their documents.
    [[nodiscard]] std::map<std::string, std::string> state() const {
        std::map<std::string, std::string> all;
        for (const auto& [name, record] : records_) {
            if (record.value) all[name] = *record.value;
        }
        return all;
    }
    /// Returns how often each revision of a record was received.
    [[nodiscard]] const std::map<std::string, std::map<Revision, int>>& seen() const noexcept {
        return seen_;
    }

private:
    struct Record {
        std::int32_t partition = 0;
        Revision revision = 0;
        Version version = 0;
        std::optional<std::string> value{};
    };

    static std::string patched(const std::string& json, const std::string& patch) {
        const Document old = Document::parse(json).value();
        const Document change = Document::parse(patch).value();
        DocumentBuilder out;
        return to_json(Value::of(apply_json_patch(out, old.root(), change.root()).value()));
    }

    void forget_untold(std::int32_t partition) {
        auto& told = told_[partition];
        if (!told) return;
        for (auto& [name, record] : records_) {
            if (record.partition == partition && !told->contains(name)) record = {partition};
        }
        told.reset();
    }

    std::map<std::string, Record> records_;
    std::map<std::string, std::map<Revision, int>> seen_;
    std::map<std::int32_t, std::optional<std::set<std::string>>> told_;
};

/// Returns the matching records of a grid in the format of `Mirror::state`.
inline std::map<std::string, std::string> state_of(const Client& client,
                                                   const std::string& pattern = "event/**") {
    std::map<std::string, std::string> all;
    const auto snapshot = client.snapshot().value();
    snapshot
        .scan(pattern,
              [&](const RecordView& record) {
                  all[std::string(record.name())] = to_json(record.document());
                  return true;
              })
        .value();
    return all;
}

/// Reads until the mirror equals the grid, and returns the messages.
inline std::vector<TestMessage> expect_mirrored(const MockKafka& kafka, const std::string& topic,
                                                const Client& client) {
    TestConsumer consumer(kafka, topic);
    Mirror mirror;
    std::size_t applied = 0;
    const auto wanted = state_of(client);
    const auto& all = consumer.read_until([&](const auto& messages) {
        for (; applied < messages.size(); ++applied) mirror.apply(messages[applied]);
        return mirror.state() == wanted;
    });
    EXPECT_EQ(mirror.state(), wanted);
    return all;
}

/// Checks that messages received for the first time are in the order of their revisions.
inline void expect_in_order(const std::vector<TestMessage>& messages) {
    std::map<std::string, std::set<Revision>> seen;
    for (const TestMessage& message : messages) {
        if (!message.key) continue;
        auto& of_name = seen[*message.key];
        const Revision revision = revision_of(message);
        if (of_name.contains(revision)) continue;
        const Revision last = of_name.empty() ? 0 : *of_name.rbegin();
        EXPECT_GT(revision, last) << *message.key;
        of_name.insert(revision);
    }
}

}  // namespace ringside::testing
