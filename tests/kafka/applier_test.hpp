#pragma once

#include <gtest/gtest.h>
#include <toml++/toml.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/test_grid.hpp"
#include "tools/kafka/source/applier.hpp"

namespace ringside::testing {

using kafka::Applier;
using kafka::ApplierOptions;
using kafka::FeedPointer;
using kafka::KeptMessage;
using kafka::MessageView;
using kafka::SourcePosition;

/// Reads rules of one topic as in a configuration.
inline kafka::Mapper mapper_of(const std::string& rules) {
    const toml::table table = toml::parse(rules);
    return kafka::Mapper(kafka::Mapping::read(table, tools::TomlFile("test.toml")).value());
}

/// A message made by a test; counts how many of them are kept.
struct MadeMessage {
    std::int64_t offset = 0;
    std::optional<std::string> value;

    inline static int kept = 0;

    static KeptMessage keep(std::int64_t offset, std::optional<std::string> value) {
        static constexpr KeptMessage::Origin origin{
            [](const void* message, std::vector<kafka::Header>*) {
                const auto& made = *static_cast<const MadeMessage*>(message);
                MessageView view;
                view.topic = "seats";
                view.offset = made.offset;
                if (made.value) view.value = *made.value;
                return view;
            },
            [](void* message) noexcept {
                delete static_cast<MadeMessage*>(message);
                --kept;
            }};
        ++kept;
        return {origin, new MadeMessage{offset, std::move(value)}, offset};
    }
};

/// Records refused messages.
class Remembering final : public kafka::Refusals {
public:
    struct Refused {
        std::int64_t offset;
        Errc why;
    };
    Result<void> refuse(const MessageView& message, const Error& why) override {
        if (stops) return Error(why.code, "stopped");
        refused.push_back({message.offset, why.code});
        return {};
    }
    Result<void> settle() override {
        if (settles) return {};
        return Error(Errc::system_error, "Kafka is away");
    }
    std::vector<Refused> refused;
    bool stops = false;
    bool settles = true;
};

/// One process of a source without Kafka: a client, an applier, and one partition.
class TestApplier {
public:
    static constexpr const char* position = "kafka/test/seats/0";
    static constexpr const char* rules = R"(
        [[rule]]
        record = "seat/{id}"
        operation = { field = "op", put = ["put"], merge = ["merge"], json_patch = ["patch"], remove = ["remove"] }
        document = "doc"
    )";

    explicit TestApplier(const TestGrid& grid, ApplierOptions options = {})
        : client(Client::attach({.grid = grid.name(), .timeout = std::chrono::seconds(1)}).value()),
          mapper(mapper_of(rules)),
          applier(client, options, refusals, counters,
                  [this](const kafka::PartitionFeed& moved) -> Result<void> {
                      repositioned.push_back(moved.next);
                      return {};
                  }),
          feed(applier.open("seats", 0, position, mapper, false)) {}

    void take(std::int64_t offset, std::optional<std::string> value) {
        applier.take(feed, MadeMessage::keep(offset, std::move(value)));
    }
    /// Merges {"n": offset} into a record.
    void merge(std::int64_t offset, const std::string& id = "A") {
        take(offset,
             R"({"op":"merge","id":")" + id + R"(","doc":{"n":)" + std::to_string(offset) + "}}");
    }
    /// Sends everything taken, and recovers once if necessary.
    Result<void> settle() {
        auto finished = applier.finish();
        if (!finished) return finished;
        return applier.is_disturbed() ? applier.recover() : Result<void>();
    }
    [[nodiscard]] std::optional<std::int64_t> grid_position() const {
        const auto found = kafka::read_position(client, position).value();
        return found ? std::optional(found->offset) : std::nullopt;
    }
    /// Returns the run of the position; none if it has none, or if there is no position.
    [[nodiscard]] std::optional<kafka::Run> grid_run() const {
        return kafka::read_position(client, position).value().value_or(SourcePosition{}).run;
    }
    /// Returns the version of a record, or 0 if there is none.
    [[nodiscard]] Version version(const std::string& name) const {
        const auto record = client.get(name);
        return record ? record->version() : 0;
    }
    [[nodiscard]] std::string json(const std::string& name) const {
        const auto record = client.get(name);
        return record ? to_json(record->document()) : "none";
    }

    Client client;
    kafka::Mapper mapper;
    Remembering refusals;
    kafka::Counters counters;
    std::vector<std::int64_t> repositioned;
    Applier applier;
    FeedPointer feed;
};

}  // namespace ringside::testing
