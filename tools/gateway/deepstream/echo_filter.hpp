#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

#include "tools/gateway/watch/change_text.hpp"

namespace ringside::gateway::deepstream {

/// deepstream does not tell a client of what it has done itself. But a change may be met in the
/// ring before the outcome of the write is known, and then nobody knows yet whose it is: it is kept
/// back until that has come. Writes of one client take effect in their order, so an outcome at a
/// revision settles all changes up to there.
///
/// Memory: what is kept back is bounded by the client's writes that are under way, and by how much
/// others do meanwhile.
class EchoFilter {
public:
    using Text = std::shared_ptr<const ChangeText>;

    void begin() noexcept { ++under_way_; }
    [[nodiscard]] bool is_idle() const noexcept { return under_way_ == 0; }

    /// A change that the client may have made. Calls `tell` for what it is to be told now.
    template <class Tell>
    void offer(const Text& text, const Tell& tell) {
        while (!own_.empty() && own_.front() < text->revision()) own_.pop_front();
        if (!own_.empty() && own_.front() == text->revision()) return;
        if (under_way_ == 0) tell(text);
        else held_.push_back(text);
    }

    /// A write has taken effect at a revision.
    template <class Tell>
    void succeed(Revision revision, const Tell& tell) {
        std::erase_if(held_, [&](const Text& text) { return text->revision() == revision; });
        own_.push_back(revision);
        if (own_.size() > own_max) own_.pop_front();
        --under_way_;
        release(tell, [&](const ChangeText& text) { return text.revision() < revision; });
    }

    /// A write has not. `is_foreign`: which changes can be no other write's of this client.
    template <class Tell, class IsForeign>
    void fail(const Tell& tell, const IsForeign& is_foreign) {
        --under_way_;
        release(tell, is_foreign);
    }

    /// The ring is another one.
    void forget_own() noexcept { own_.clear(); }

private:
    template <class Tell, class IsSettled>
    void release(const Tell& tell, const IsSettled& is_settled) {
        while (!held_.empty() && (under_way_ == 0 || is_settled(*held_.front()))) {
            const Text text = std::move(held_.front());
            held_.pop_front();
            tell(text);
        }
    }
    /// More than can be met between a write's outcome and its change.
    static constexpr std::size_t own_max = 4096;

    std::uint32_t under_way_ = 0;
    std::deque<Revision> own_;  ///< whose changes may still come, in order
    std::deque<Text> held_;
};

}  // namespace ringside::gateway::deepstream
