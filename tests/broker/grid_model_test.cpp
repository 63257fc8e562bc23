#include <gtest/gtest.h>

#include <map>
#include <random>

#include "shm/ring/change_ring.hpp"
#include "tests/support/grid_harness.hpp"

/// The grid against a model that is too simple to be wrong: a map from names to JSON for every
/// revision. Random commands from a seed; refused ones must leave no trace.
namespace ringside::broker {
namespace {

using testing::GridHarness;
using wire::CommandKind;

class GridModel : public ::testing::TestWithParam<std::uint64_t> {
protected:
    std::mt19937_64 random_{GetParam()};
    GridHarness grid_{{.memory_bytes = 8ULL << 20, .ring_entries = 256}};
    std::map<Revision, GridHarness::Model> history_{{0, {}}};
    GridHarness::Model now_;

    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
    std::string any_name() {
        static const std::string long_level(200, 'n');
        const std::string number = std::to_string(below(60));
        return below(4) == 0 ? "deep/" + long_level + "/" + number : "r/" + number;
    }
    std::string any_document() {
        const std::uint64_t bytes = below(20) == 0 ? below(40'000) : below(200);
        return R"({"n":)" + std::to_string(random_()) + R"(,"s":")" + std::string(bytes, 'x') +
               "\"}";
    }

    /// Adds a command, and does the same to the model; whether the grid should accept it.
    bool add_command(std::vector<Command>& commands, GridHarness::Model& model) {
        const std::string name = any_name();
        const bool exists = model.contains(name);
        switch (below(5)) {
            case 0:
                commands.push_back(grid_.remove(name));
                model.erase(name);
                return exists;
            case 1: {
                const std::string value = std::to_string(random_());
                commands.push_back(grid_.command(CommandKind::set_path, name, value, "/n"));
                if (exists) {
                    std::string& document = model[name];
                    document = R"({"n":)" + value + document.substr(document.find(",\"s\""));
                }
                return exists;
            }
            default: {
                const std::string document = any_document();
                commands.push_back(grid_.put(name, document));
                model[name] = document;
                return true;
            }
        }
    }

    void one_commit() {
        std::vector<Command> commands;
        GridHarness::Model next = now_;
        bool acceptable = true;
        const std::uint64_t size = below(3) == 0 ? 1 + below(20) : 1;
        for (std::uint64_t i = 0; i < size && acceptable; ++i) {
            acceptable = add_command(commands, next);
        }
        const auto revision = grid_.commit(commands);
        ASSERT_EQ(revision.has_value(), acceptable);
        if (!acceptable) {
            ASSERT_EQ(revision.error().error, Errc::not_found);
            return;
        }
        ASSERT_EQ(*revision, history_.rbegin()->first + 1);
        now_ = std::move(next);
        history_.emplace(*revision, now_);
    }

    void check_everything() {
        const Revision oldest = grid_.segment.header().horizon.horizon.load();
        for (Revision r :
             {grid_.grid.published(), oldest, oldest + (grid_.grid.published() - oldest) / 2}) {
            ASSERT_EQ(grid_.scan(r), history_.at(r)) << "at revision " << r;
        }
        const std::string name = any_name();
        const auto& published = history_.at(grid_.grid.published());
        const auto place = published.find(name);
        ASSERT_EQ(grid_.get(name),
                  place == published.end() ? std::nullopt : std::optional(place->second));
        ASSERT_EQ(
            grid_.scan(grid_.grid.published(), name).size(),
            static_cast<std::size_t>(std::distance(published.lower_bound(name), published.end())));
        ASSERT_EQ(grid_.counters().records, grid_.scan(grid_.grid.published()).size());
    }

    void maybe_move_pin() {
        grid_.pins.clear();
        if (below(3) != 0) return;
        const Revision oldest = grid_.segment.header().horizon.horizon.load();
        const Revision pinned = oldest + below(grid_.grid.published() - oldest + 1);
        grid_.pins.push_back({.session_index = 0, .slot = 0, .revision = pinned});
    }
};

TEST_P(GridModel, AgreesAtEveryRetainedRevision) {
    for (int turn = 0; turn < 1500; ++turn) {
        for (std::uint64_t i = 0, n = 1 + below(4); i < n; ++i) {
            one_commit();
            if (HasFatalFailure()) return;
        }
        grid_.grid.publish();
        if (below(8) == 0) grid_.grid.reclaim();
        if (below(100) == 0) grid_.grid.compact();
        for (const HeldPin& pin : grid_.pins) {
            ASSERT_EQ(grid_.scan(pin.revision), history_.at(pin.revision)) << "pinned";
        }
        if (below(10) == 0) maybe_move_pin();
        check_everything();
        if (HasFatalFailure()) return;
        grid_.forget();
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, GridModel, ::testing::Range<std::uint64_t>(1, 9));

}  // namespace
}  // namespace ringside::broker
