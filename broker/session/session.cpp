#include "broker/session/session.hpp"

#include <algorithm>
#include <new>

namespace ringside::broker {

namespace {

/// Pins that a session can have, its lanes' own and the others.
constexpr std::size_t pin_places = limits::lanes_per_session_max + limits::pins_per_session_max;

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
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        if (!lanes_[i]->resume(applied(static_cast<std::uint16_t>(i)), is_complete)) return false;
    }
    return true;
}

std::uint64_t Session::lease_ms() const noexcept {
    const shm::SessionMemoryView view = memory_.view();
    std::uint64_t longest = 0;
    for (std::size_t i = 0; i < lanes_.size() && longest == 0; ++i) {
        const std::uint64_t pin = view.lane(i).pin.pin.load(std::memory_order_relaxed);
        if (pin != shm::no_pin) longest = limits::pin_lease_ms_default;
    }
    const std::size_t used = pins_used();
    for (std::size_t i = 0; i < used; ++i) {
        const shm::PinSlot& slot = view.pin(i);
        if (slot.pin.load(std::memory_order_relaxed) == shm::no_pin) continue;
        const std::uint64_t lease = slot.lease_ms.load(std::memory_order_relaxed);
        longest = std::max(longest, lease == 0 ? limits::pin_lease_ms_default
                                               : std::min(lease, limits::pin_lease_ms_max));
    }
    return longest;
}

std::size_t Session::lanes_open() const noexcept {
    // acquire: pairs with the client's release when it opens a lane.
    const std::uint32_t open = memory_.view().control().lanes_open.load(std::memory_order_acquire);
    return std::min<std::size_t>(open, limits::lanes_per_session_max);
}

bool Session::adopt_lanes() {
    const std::size_t wanted = lanes_open();
    if (wanted <= lanes_.size()) return false;
    while (lanes_.size() < wanted) {
        lanes_.push_back(std::make_unique<Lane>(memory_.view(), lanes_.size()));
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
    // All lanes that the client has opened: one that was not adopted yet may sleep already.
    const std::size_t lanes = lanes_open();
    std::uint32_t count = 0;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        if ((control.watch_masks[lane].load(std::memory_order_relaxed) & subjects) != 0) ++count;
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

std::size_t Session::pins_used() const noexcept {
    const std::uint32_t used = memory_.view().control().pins_used.load(std::memory_order_acquire);
    return std::min<std::size_t>(used, limits::pins_per_session_max);
}

void Session::collect_pins(Revision published, std::vector<HeldPin>& out) const {
    const auto add = [&](std::size_t slot, std::uint64_t word, std::uint64_t lease_ms) {
        // `word - 1` of a pin that is not set is above everything.
        const Revision revision = word - 1;
        if (revision > published) return;
        // With the session's id in it: a lease does not pass to the next session of that index.
        out.push_back({index_, static_cast<std::uint32_t>(id_ * pin_places + slot), revision,
                       std::min(lease_ms, limits::pin_lease_ms_max)});
    };
    const shm::SessionMemoryView view = memory_.view();
    // All lanes that the client could use, those included that were not adopted yet.
    const std::uint32_t open = view.control().lanes_open.load(std::memory_order_seq_cst);
    const std::size_t lanes = std::min<std::size_t>(open, limits::lanes_per_session_max);
    for (std::size_t i = 0; i < std::max(lanes, lanes_.size()); ++i) {
        // seq_cst: E4 of shm/pin/pin.hpp.
        add(i, view.lane(i).pin.pin.load(std::memory_order_seq_cst), 0);
    }
    const std::size_t used = pins_used();
    for (std::size_t i = 0; i < used; ++i) {
        const shm::PinSlot& slot = view.pin(i);
        add(limits::lanes_per_session_max + i, slot.pin.load(std::memory_order_seq_cst),
            slot.lease_ms.load(std::memory_order_relaxed));
    }
}

std::uint64_t Session::lag(Position head) const noexcept {
    std::uint64_t slowest = 0;
    const std::size_t used = pins_used();
    for (std::size_t i = 0; i < used; ++i) {
        const std::uint64_t word = memory_.view().pin(i).cursor.load(std::memory_order_relaxed);
        if (word == 0 || word - 1 > head) continue;
        slowest = std::max(slowest, head - (word - 1));
    }
    return slowest;
}

}  // namespace ringside::broker
