#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "ringside/client.hpp"
#include "tests/kafka/mock_kafka.hpp"
#include "tests/support/cli_test.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_grid.hpp"
#include "tools/support/built_paths.hpp"

namespace ringside::testing {

/// Sources as separate processes, between a cluster and a grid.
class SourceTest : public ::testing::Test {
protected:
    static constexpr auto patience = std::chrono::seconds(60);
    /// Session timeouts by the fast clock of the mock cluster: 6 s and 1.5 s. Kafka detects that a
    /// source was killed only at the end of its session, but a short session may also end because
    /// the machine is busy.
    static constexpr int long_session_ms = 60'000;
    static constexpr int short_session_ms = 15'000;
    static constexpr const char* merge_rule = R"(
        [[source.topic.rule]]
        record = "seat/{key}"
        operation = "merge"
    )";

    explicit SourceTest(int brokers = 1, std::vector<std::string> options = {"--memory", "64MiB"})
        : kafka_(brokers), grid_(std::move(options)), client_(attach()) {}

    [[nodiscard]] Client attach() const { return Client::attach({.grid = grid_.name()}).value(); }

    /// Writes a configuration and returns its path. `source` follows `[source]` and includes
    /// `group`.
    std::string configure(const std::string& source, const std::string& kafka = {}) {
        const std::string path = directory_ / "kafka.toml";
        std::ofstream(path) << fmt::format(R"(
            grid = "{}"
            [kafka]
            "bootstrap.servers" = "{}"
            "session.timeout.ms" = {}
            "heartbeat.interval.ms" = 100
            "fetch.wait.max.ms" = 100
            "fetch.error.backoff.ms" = 20
            "reconnect.backoff.ms" = 10
            "reconnect.backoff.max.ms" = 100
            "topic.metadata.refresh.fast.interval.ms" = 20
            {}
            [source]
            {})",
                                           grid_.name(), kafka_.bootstrap(), session_ms_, kafka,
                                           source);
        return path;
    }
    /// Configures one topic whose messages are merged into `seat/KEY`, with further keys of
    /// `[source]`.
    std::string configure_topic(const std::string& topic, const std::string& more = {},
                                const std::string& of_topic = {}) {
        return configure(
            fmt::format("group = \"test\"\n{}\n[[source.topic]]\nname = \"{}\"\n{}\n{}", more,
                        topic, of_topic, merge_rule));
    }

    /// Starts a source and waits for its `ready`.
    static std::unique_ptr<Process> start(const std::string& config) {
        auto source = std::make_unique<Process>(
            std::vector<std::string>{built::kafka, "source", "--config", config});
        if (source->read_line(patience) != "ready") {
            source->finish(SIGKILL);
            throw std::runtime_error("the source does not start: " + source->errors());
        }
        return source;
    }

    /// Runs another command of the tool to its end.
    [[nodiscard]] static Outcome run(const std::string& arguments) {
        return shell(std::string(built::kafka) + " " + arguments);
    }

    [[nodiscard]] std::int64_t position(const std::string& topic, int partition = 0) const {
        const auto record = client_.get(fmt::format("kafka/test/{}/{}", topic, partition));
        return record ? record->document()["offset"].as_int64().value_or(-1) : -1;
    }
    /// Waits until the positions of all partitions add up to this many messages.
    [[nodiscard]] bool comes_to(const std::string& topic, std::int64_t messages, int partitions = 1,
                                std::chrono::milliseconds within = patience) const {
        const auto sum = [&] {
            std::int64_t total = 0;
            for (int i = 0; i < partitions; ++i) {
                total += std::max<std::int64_t>(0, position(topic, i));
            }
            return total;
        };
        return eventually([&] { return sum() == messages; }, within);
    }
    [[nodiscard]] Version version(const std::string& name) const {
        const auto record = client_.get(name);
        return record ? record->version() : 0;
    }
    [[nodiscard]] std::string json(const std::string& name) const {
        const auto record = client_.get(name);
        return record ? to_json(record->document()) : "none";
    }

    /// Returns the state records of living sources.
    [[nodiscard]] std::vector<std::string> states() const {
        std::vector<std::string> found;
        client_.snapshot()
            .value()
            .scan("kafka/test/@source/*",
                  [&](const RecordView& record) {
                      found.push_back(to_json(record.document()));
                      return true;
                  })
            .value();
        return found;
    }
    /// Waits until a state record contains all of these texts.
    template <class... Texts>
    [[nodiscard]] bool state_comes_to(const Texts&... texts) const {
        return eventually(
            [&] {
                const auto all = states();
                return std::any_of(all.begin(), all.end(), [&](const std::string& state) {
                    return ((state.find(texts) != std::string::npos) && ...);
                });
            },
            patience);
    }
    /// Delivers each state record that is written from now on, even if another soon replaces it.
    [[nodiscard]] Watch watch_states() const {
        return client_.watch("kafka/test/@source/*", {.mode = WatchMode::every}).value();
    }
    /// Returns the next state record that contains a text, or an empty text on timeout.
    [[nodiscard]] static std::string next_state(Watch& states, const std::string& text) {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        while (std::chrono::steady_clock::now() < deadline) {
            const auto event = states.next(std::chrono::milliseconds(100));
            if (!event) continue;
            std::string state = to_json(event->record.document());
            if (state.find(text) != std::string::npos) return state;
        }
        return {};
    }

    int session_ms_ = long_session_ms;
    MockKafka kafka_;
    TestGrid grid_;
    Client client_;
    TemporaryDirectory directory_;
};

}  // namespace ringside::testing
