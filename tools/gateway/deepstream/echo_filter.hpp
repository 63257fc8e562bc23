#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

#include "tools/gateway/watch/change_text.hpp"

namespace ringside::gateway::deepstream {

/// deepstream does not notify clients of changes that they made. But a change may appear in the ring
/// before the outcome of the write is known, and then its origin is unknown. The filter holds such
/// a change until the outcome arrives. Writes of one client take effect in their order, so an
/// outcome at a revision decides about all changes up to that revision.
///
/// Memory: held changes are bounded by the client's writes that are under way, and by the changes
/// that others make meanwhile.
class EchoFilter {
public:
    using Text = std::shared_ptr<const ChangeText>;

    void begin() noexcept { ++under_way_; }
    [[nodiscard]] bool is_idle() const noexcept { return under_way_ == 0; }

    /// Takes a change that the client may have made. Calls `tell` for each change that can be
    /// delivered now.
    template <class Tell>
    void offer(const Text& text, const Tell& tell) {
        while (!own_.empty() && own_.front() < text->revision()) own_.pop_front();
        if (!own_.empty() && own_.front() == text->revision()) return;
        if (under_way_ == 0) tell(text);
        else held_.push_back(text);
    }

    /// Takes the revision at which a write has taken effect.
    template <class Tell>
    void succeed(Revision revision, const Tell& tell) {
        std::erase_if(held_, [&](const Text& text) { return text->revision() == revision; });
        own_.push_back(revision);
        if (own_.size() > own_max) own_.pop_front();
        --under_way_;
        release(tell, [&](const ChangeText& text) { return text.revision() < revision; });
    }

    /// Takes the failure of a write. `is_foreign` returns whether a change cannot belong to any
    /// other write of this client.
    template <class Tell, class IsForeign>
    void fail(const Tell& tell, const IsForeign& is_foreign) {
        --under_way_;
        release(tell, is_foreign);
    }

    /// Forgets own revisions after the ring was replaced.
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
    /// More than can occur between the outcome of a write and its change.
    static constexpr std::size_t own_max = 4096;

    std::uint32_t under_way_ = 0;
    std::deque<Revision> own_;  ///< revisions whose changes may still appear, in order
    std::deque<Text> held_;
};

}  // namespace ringside::gateway::deepstream
