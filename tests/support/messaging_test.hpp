#pragma once

#include <gtest/gtest.h>

#include <string>

#include "ringside/client.hpp"
#include "tests/support/test_grid.hpp"

namespace ringside::testing {

/// A grid, a client, and one-word descriptions of results.
class MessagingTest : public ::testing::Test {
protected:
    explicit MessagingTest(std::vector<std::string> options = {"--memory", "64MiB",
                                                               "--ring-entries", "4096"})
        : grid_(with_patience(std::move(options))) {}

    [[nodiscard]] Client attach() const {
        return Client::attach({.grid = grid_.name(), .timeout = soon}).value();
    }

    static std::string shown(const Result<Answer>& answer) {
        if (!answer) return std::string(name(answer.error().code));
        const std::string text = to_json(answer->document.root());
        return answer->is_failure ? "failure " + text : text;
    }
    static std::string shown(const WatchEvent& event) {
        std::string text(name(event.kind));
        if (event.kind == WatchKind::lagged) return text + " " + std::to_string(event.missed);
        text += " " + std::string(event.record.name());
        if (const auto value = event.value()) text += "=" + to_json(*value);
        return text;
    }
    static std::string shown(const Interest& interest) {
        return (interest.kind == InterestKind::wanted ? "wanted " : "unwanted ") + interest.subject;
    }
    /// Returns all events available without waiting, in one line.
    static std::string drain(Watch& watch) {
        std::string all;
        for (auto event = watch.poll(); event; event = watch.poll()) {
            all += (all.empty() ? "" : ", ") + shown(*event);
        }
        return all;
    }
    static std::string next(Watch& watch) {
        const auto event = watch.next(soon);
        return event ? shown(*event) : std::string(name(event.error().code));
    }
    static std::string next(Listener& listener) {
        const auto interest = listener.next(soon);
        return interest ? shown(*interest) : std::string(name(interest.error().code));
    }

    TestGrid grid_;
    Client client_ = attach();
};

}  // namespace ringside::testing
