#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "shm/ring/change_ring.hpp"
#include "tests/support/grid_harness.hpp"

/// Compares the grid with a model that is too simple to be wrong: a map from names to JSON for each
/// revision. Commands are random from a seed, and refused commands must have no effect.
namespace ringside::broker {
namespace {

using testing::GridHarness;
using wire::CommandKind;

class GridModel : public ::testing::TestWithParam<std::uint64_t> {
protected:
    explicit GridModel(std::uint64_t memory_bytes = 8ULL << 20)
        : grid_({.memory_bytes = memory_bytes, .ring_entries = 256}) {}

    std::mt19937_64 random_{GetParam()};
    GridHarness grid_;
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
               "\"" + (below(10) == 0 ? R"(,"t":{)" + many_members() + "}}" : "}");
    }
    static std::string member_key(std::uint64_t i) {
        const std::string digits = std::to_string(i);
        return "\"k" + std::string(3 - digits.size(), '0') + digits + "\":";
    }
    std::string many_members() {
        std::string json = member_key(0) + "0";
        for (std::uint64_t i = 1, n = below(500); i < n; ++i) json += "," + member_key(i) + "1";
        return json;
    }
    /// Sets one of the many members of a document. Most pages of the document do not change.
    Command change_member(const std::string& name, std::string& document) {
        const std::size_t members =
            static_cast<std::size_t>(std::count(document.begin(), document.end(), 'k'));
        const std::string key = member_key(below(members));
        const std::string value = std::to_string(random_() % 1000);
        const std::size_t begin = document.find(key) + key.size();
        document.replace(begin, document.find_first_of(",}", begin) - begin, value);
        return grid_.command(CommandKind::set_path, name, value,
                             "/t/" + key.substr(1, key.size() - 3));
    }

    /// Adds a command and applies it to the model. Returns whether the grid should accept it.
    bool add_command(std::vector<Command>& commands, GridHarness::Model& model) {
        const std::string name = any_name();
        const bool exists = model.contains(name);
        if (exists && below(2) == 0 && model[name].find("\"t\":{") != std::string::npos) {
            commands.push_back(change_member(name, model[name]));
            return true;
        }
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

    void die() {
        const Revision published = grid_.segment.header().commit.published.load();
        // Death in the middle of a commit: some of its entries are not yet in the ring.
        const shm::ChangeRingReader ring(grid_.segment.view());
        Position head = ring.head();
        while (ring.read(head) && ring.read(head)->revision > published) ++head;
        auto* entries =
            grid_.segment.view().at<shm::ChangeEntry>(grid_.segment.view().identity().ring.offset);
        for (std::uint64_t cut = below(3); cut > 0 && head > ring.head(); --cut) {
            entries[--head & (ring.capacity() - 1)].stamp.store(shm::ChangeEntry::busy);
        }
        grid_.replace_broker();
        history_.erase(history_.upper_bound(published), history_.end());
        now_ = history_.at(published);
        history_.emplace(published + 1, now_);
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

/// Has room for the remains of a dead broker, until the pins have moved on.
class GridDeaths : public GridModel {
protected:
    GridDeaths() : GridModel(64ULL << 20) {}
};

/// The broker dies between two arbitrary steps. The next broker has everything that was published,
/// and nothing else, at each retained revision.
TEST_P(GridDeaths, GridContinuesAfterTheDeathOfItsBroker) {
    int deaths = 0;
    int pinned_checks = 0;
    for (int turn = 0; turn < 1500; ++turn) {
        for (std::uint64_t i = 0, n = 1 + below(4); i < n; ++i) {
            one_commit();
            if (HasFatalFailure()) return;
        }
        if (below(4) == 0) {
            die();
            ++deaths;
        }
        grid_.grid.publish();
        if (below(8) == 0) grid_.grid.reclaim();
        if (below(100) == 0) grid_.grid.compact();
        // The remains of a dead broker take memory until the pins have moved on, so pins may be
        // revoked.
        const auto& revoked_below = grid_.segment.view().session(0).revoked_below;
        std::erase_if(grid_.pins,
                      [&](const HeldPin& pin) { return pin.revision < revoked_below.load(); });
        for (const HeldPin& pin : grid_.pins) {
            ++pinned_checks;
            ASSERT_EQ(grid_.scan(pin.revision), history_.at(pin.revision)) << "pinned";
        }
        if (below(10) == 0) maybe_move_pin();
        check_everything();
        if (HasFatalFailure()) return;
        grid_.forget();
    }
    EXPECT_GT(deaths, 200);
    EXPECT_GT(pinned_checks, 20);
    // Nothing leaked: all allocated memory is reachable.
    grid_.pins.clear();
    grid_.commit({grid_.put("last", "1")});
    grid_.grid.compact();
    grid_.grid.compact();
    Survey survey(grid_.segment.view());
    survey.run().value();
    EXPECT_EQ(grid_.grid.bytes_in_quarantine(), 0U);
    EXPECT_EQ(grid_.counters().heap_bytes_used.load(), survey.bytes_reachable);
    EXPECT_EQ(grid_.counters().records.load(), survey.live);
    EXPECT_EQ(survey.tombstones, 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, GridModel, ::testing::Range<std::uint64_t>(1, 9));

INSTANTIATE_TEST_SUITE_P(Seeds, GridDeaths, ::testing::Range<std::uint64_t>(1, 9));

}  // namespace
}  // namespace ringside::broker
