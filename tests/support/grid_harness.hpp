#pragma once

#include <deque>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "broker/engine/grid.hpp"
#include "broker/engine/survey.hpp"
#include "shm/document/json.hpp"
#include "shm/index/name_index.hpp"
#include "shm/table/record_table.hpp"
#include "shm/version/visibility.hpp"

namespace ringside::testing {

/// A grid without processes: an anonymous segment, the engine's state machine, and a clock and pins
/// set by the test.
class GridHarness {
public:
    using Model = std::map<std::string, std::string>;  ///< name -> document as JSON

    explicit GridHarness(shm::SegmentShape shape = {.memory_bytes = 16ULL << 20,
                                                    .ring_entries = 1024},
                         broker::GridOptions options = {})
        : segment(shm::Segment::create_anonymous(shape).value()),
          options_(options),
          grid(segment.view(), host(), options) {
        grid.begin_turn(now_ns);
    }

    /// Simulates the death of a broker: a new broker takes over, and private state is lost. Returns
    /// the survey that the new broker has used.
    broker::Survey replace_broker() {
        broker::Survey survey(segment.view());
        survey.run().value();
        broker::Survey kept = survey;
        grid = broker::Grid(segment.view(), host(), options_);
        grid.begin_turn(now_ns);
        grid.take_over(std::move(survey)).value();
        return kept;
    }

    void at_ms(std::uint64_t ms) {
        now_ns = ms * 1'000'000;
        grid.begin_turn(now_ns);
    }

    boost::system::result<Revision, broker::Refusal> commit(std::vector<broker::Command> commands) {
        return grid.commit(commands, {.session = 1, .lane = 0, .number = ++number}, versions);
    }

    /// Creates a command whose document is valid until the next `forget`.
    broker::Command command(wire::CommandKind kind, std::string_view name,
                            std::string_view json = "", std::string_view pointer = "") {
        broker::Command made;
        made.kind = kind;
        made.name = names_.emplace_back(name);
        made.pointer = names_.emplace_back(pointer);
        if (!json.empty())
            made.document = documents_.emplace_back(document_from_json(json).value());
        return made;
    }
    broker::Command put(std::string_view name, std::string_view json) {
        return command(wire::CommandKind::put, name, json);
    }
    broker::Command remove(std::string_view name) {
        return command(wire::CommandKind::remove, name);
    }
    void forget() {
        names_.clear();
        documents_.clear();
    }

    /// Returns what a reader at `revision` gets by name.
    std::optional<std::string> get(std::string_view name, Revision revision) const {
        const shm::RecordTableReader table(segment.view());
        const auto* version =
            shm::visible_record(segment.view(), table.find(name, table.hash(name)), revision);
        if (version == nullptr) return std::nullopt;
        return to_json(Value::of(version->document(), &segment.view().pages()));
    }
    std::optional<std::string> get(std::string_view name) const {
        return get(name, grid.published());
    }

    /// Returns all records that a reader at `revision` finds through the index. Checks their order.
    Model scan(Revision revision, std::string_view from = "") const {
        Model met;
        std::string last;
        shm::NameIndexCursor cursor(segment.view());
        cursor.seek(from);
        for (auto ids = cursor.next(); !ids.empty(); ids = cursor.next()) {
            for (const std::uint32_t id : ids) {
                const auto* version = shm::visible_record(
                    segment.view(), shm::newest_of(segment.view(), RecordId{id}), revision);
                if (version == nullptr) continue;
                const std::string name(version->name());
                if (!met.empty() && name <= last) throw std::logic_error("out of order: " + name);
                last = name;
                met.emplace(name, to_json(Value::of(version->document(), &segment.view().pages())));
            }
        }
        return met;
    }

    const shm::Counters& counters() {
        grid.store_counters();
        return segment.header().counters;
    }

private:
    broker::GridHost host() {
        return {.commit_memory = [](Offset, std::uint64_t) { return true; },
                .heavy_fence =
                    [this] {
                        if (at_fence) at_fence();
                    },
                .collect_pins =
                    [this](std::vector<broker::HeldPin>& out) {
                        out.insert(out.end(), pins.begin(), pins.end());
                    }};
    }

public:
    shm::Segment segment;

private:
    broker::GridOptions options_;

public:
    std::vector<broker::HeldPin> pins;
    std::function<void()> at_fence;  ///< called at the engine's fence, before it reads the pins
    std::uint64_t now_ns = 1'000'000'000;
    std::uint64_t number = 0;
    std::vector<Version> versions;
    broker::Grid grid;

private:
    std::deque<std::string> names_;
    std::deque<Bytes> documents_;
};

}  // namespace ringside::testing
