#include "broker/session/session.hpp"

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

#include "shm/lane/untrusted.hpp"

namespace ringside::broker {

namespace {

/// Maximum number of pins of a session: those of its lanes, and the others.
constexpr std::size_t pin_places = limits::lanes_per_session_max + limits::pins_per_session_max;

using shm::Untrusted;

/// Returns the number of entries in use, as stated by the client and limited to `most`.
std::size_t count_in(const shm::HalfWord& word, std::size_t most) noexcept {
    // SYNC lane-count: pairs with Attachment::take_lane().
    // SYNC pin-count: pairs with Attachment::take_pin(); E4 reads this before the pins.
    return Untrusted<std::uint32_t>::load(word, std::memory_order_acquire)
        .at_most(static_cast<std::uint32_t>(most));
}

/// Estimated broker memory of a pin: its lease, and its place in a list that may have doubled its
/// capacity.
constexpr std::size_t bytes_per_pin = 96 + 2 * sizeof(HeldPin);

constexpr Revision any_revision = std::numeric_limits<Revision>::max();

/// Returns the revision of a pin. Returns none if the pin is not set, or cannot be valid yet.
std::optional<Revision> pinned_in(const shm::Word& word, Revision published) noexcept {
    // SYNC pin-publish: E4 of shm/pin/pin.hpp, pairs with R1.
    // SYNC pin-release: pairs with R5; the reads under the pin are done.
    const auto pin = Untrusted<std::uint64_t>::load(word, std::memory_order_seq_cst)
                         .checked([published](std::uint64_t value) {
                             return value != shm::no_pin && value - 1 <= published;
                         });
    return pin ? std::optional<Revision>(*pin - 1) : std::nullopt;
}

/// In ms; 0: the default.
std::uint64_t lease_in(const shm::PinSlot& slot) noexcept {
    return Untrusted<std::uint64_t>::load(slot.lease_ms, std::memory_order_relaxed)
        .at_most(limits::pin_lease_ms_max);
}

}  // namespace

Session::Session(SessionId id, std::uint32_t index, SessionMemory memory, Peer peer)
    : id_(id), index_(index), memory_(std::move(memory)), peer_(std::move(peer)) {
    auto* control = new (memory_.view().base()) shm::SessionControl;
    control->magic = shm::session_magic;
    control->session = id;
    control->session_index = index;
}

std::unique_ptr<Session> Session::of_former_broker(SessionId id, std::uint32_t index,
                                                   SessionMemory memory, Peer peer) {
    return std::unique_ptr<Session>(
        new Session(id, index, std::move(memory), std::move(peer), Former{}));
}

bool Session::resume(const std::function<AppliedInLane(std::uint16_t lane)>& applied,
                     bool is_complete) {
    if (memory_.view().control().magic != shm::session_magic) return false;
    adopt_lanes();
    // Check all lanes before any of them is changed.
    std::vector<shm::ResumePoint> points;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        const auto point = shm::ResumePoint::parse(memory_.view().lane(i));
        if (!point) return false;
        points.push_back(*point);
    }
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        lanes_[i]->resume(points[i], applied(static_cast<std::uint16_t>(i)), is_complete);
    }
    return true;
}

std::uint64_t Session::lease_ms() const noexcept {
    const shm::SessionMemoryView view = memory_.view();
    std::uint64_t longest = 0;
    for (std::size_t i = 0; i < lanes_.size() && longest == 0; ++i) {
        if (pinned_in(view.lane(i).pin.pin, any_revision)) longest = limits::pin_lease_ms_default;
    }
    const std::size_t used = pins_used();
    for (std::size_t i = 0; i < used; ++i) {
        const shm::PinSlot& slot = view.pin(i);
        if (!pinned_in(slot.pin, any_revision)) continue;
        const std::uint64_t lease = lease_in(slot);
        longest = std::max(longest, lease == 0 ? limits::pin_lease_ms_default : lease);
    }
    return longest;
}

std::size_t Session::lanes_open() const noexcept {
    return count_in(memory_.view().control().lanes_open, limits::lanes_per_session_max);
}

bool Session::adopt_lanes() {
    const std::size_t wanted = lanes_open();
    if (wanted <= lanes_.size()) return false;
    while (lanes_.size() < wanted) {
        lanes_.push_back(std::make_unique<Lane>(memory_.view(), lanes_.size(), account_));
    }
    return true;
}

bool Session::needs_service() {
    adopt_lanes();
    if (has_declared()) return true;
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
        const bool has_doubts = lanes_[lane]->has_only_doubts() && lanes_[lane]->can_answer();
        if (is_ready(lane) || lanes_[lane]->is_broken() || has_doubts) return true;
    }
    return false;
}

std::uint32_t Session::sleepers(std::uint32_t subjects) const noexcept {
    const shm::SessionControl& control = memory_.view().control();
    // All lanes that the client has opened: a thread may sleep on one that is not yet adopted.
    const std::size_t lanes = lanes_open();
    std::uint32_t count = 0;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        const auto mask =
            Untrusted<std::uint32_t>::load(control.watch_masks[lane], std::memory_order_relaxed);
        if ((mask.any() & subjects) != 0) ++count;
    }
    return count;
}

bool Session::is_ready(std::size_t lane) noexcept {
    return lanes_[lane]->is_ready() && may_grow(lane);
}

Lane::Taken Session::take_frame(std::size_t lane) {
    if (!may_grow(lane)) return Lane::Taken::nothing;
    const Lane::Taken taken = lanes_[lane]->take_frame();
    const bool is_large = lanes_[lane]->message().size() >= large_message_bytes;
    if (is_large && !large_lane_) large_lane_ = lane;
    return taken;
}

void Session::forget_message(std::size_t lane) noexcept {
    lanes_[lane]->forget_message();
    if (large_lane_ == lane) large_lane_.reset();
}

bool Session::refuse_messages(Errc why) {
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
        if (!lanes_[lane]->has_part()) continue;
        if (!lanes_[lane]->refuse_message(why)) return false;
        if (large_lane_ == lane) large_lane_.reset();
    }
    return true;
}

std::size_t Session::pins_used() const noexcept {
    return count_in(memory_.view().control().pins_used, limits::pins_per_session_max);
}

std::size_t Session::pins_held() const noexcept {
    const shm::SessionMemoryView view = memory_.view();
    std::size_t held = 0;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        if (pinned_in(view.lane(i).pin.pin, any_revision)) ++held;
    }
    const std::size_t used = pins_used();
    for (std::size_t i = 0; i < used; ++i) {
        if (pinned_in(view.pin(i).pin, any_revision)) ++held;
    }
    return held;
}

void Session::collect_pins(Revision published, std::vector<HeldPin>& out) {
    const std::size_t before = out.size();
    const auto add = [&](std::size_t slot, const shm::Word& word, std::uint64_t lease_ms) {
        const auto revision = pinned_in(word, published);
        if (!revision) return;
        // The key includes the session's id, so that a lease does not pass to the next session of
        // that index.
        out.push_back(
            {index_, static_cast<std::uint32_t>(id_ * pin_places + slot), *revision, lease_ms});
    };
    const shm::SessionMemoryView view = memory_.view();
    // All lanes that the client could use, including those that are not yet adopted.
    // SYNC lane-count: E4, pairs with Attachment::take_lane(), which comes before R1.
    const std::size_t lanes =
        Untrusted<std::uint32_t>::load(view.control().lanes_open, std::memory_order_seq_cst)
            .at_most(limits::lanes_per_session_max);
    for (std::size_t i = 0; i < std::max(lanes, lanes_.size()); ++i) {
        add(i, view.lane(i).pin.pin, 0);
    }
    const std::size_t used = pins_used();
    for (std::size_t i = 0; i < used; ++i) {
        const shm::PinSlot& slot = view.pin(i);
        add(limits::lanes_per_session_max + i, slot.pin, lease_in(slot));
    }
    const std::size_t bytes = (out.size() - before) * bytes_per_pin;
    const std::size_t bytes_before = std::exchange(pin_bytes_, bytes);
    if (bytes > bytes_before) account_.charge(bytes - bytes_before);
    else if (bytes < bytes_before) account_.release(bytes_before - bytes);
}

std::uint64_t Session::lag(Position head) const noexcept {
    std::uint64_t slowest = 0;
    const std::size_t used = pins_used();
    for (std::size_t i = 0; i < used; ++i) {
        const auto cursor =
            Untrusted<std::uint64_t>::load(memory_.view().pin(i).cursor, std::memory_order_relaxed)
                .checked([head](std::uint64_t word) { return word != 0 && word - 1 <= head; });
        if (cursor) slowest = std::max(slowest, head - (*cursor - 1));
    }
    return slowest;
}

}  // namespace ringside::broker
