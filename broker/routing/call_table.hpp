#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "broker/routing/provider_registry.hpp"

namespace ringside::broker {

/// A call without an outcome so far.
struct RoutedCall {
    std::uint64_t id = 0;  ///< 0: the entry is free
    Session* caller = nullptr;
    std::uint32_t lane = 0;    ///< of the caller
    std::uint64_t number = 0;  ///< of the caller's request
    std::string name;
    Bytes document;
    bool is_idempotent = false;
    bool has_own_deadline = false;
    std::uint64_t deadline_ns = 0;  ///< when the caller abandons the call
    std::uint64_t due_ns = 0;       ///< when the router must process it

    Provider* provider = nullptr;  ///< to which it was offered; null while it waits
    std::uint32_t claim = 0;
    bool is_taken = false;              ///< as far as is known
    std::vector<std::uint64_t> passed;  ///< providers that rejected or ignored it

    std::uint32_t next_of_caller = 0;
    std::uint32_t before_of_caller = 0;
    std::uint32_t next_of_provider = 0;
    std::uint32_t before_of_provider = 0;

    [[nodiscard]] Lane& caller_lane() const { return *caller->lanes()[lane]; }
};

/// The table of pending calls, with reusable places. An id consists of the place number and a use
/// count, so that a late message does not match a newer call. The calls of a lane, and those of a
/// provider, form linked lists, newest first.
class CallTable {
public:
    CallTable() { places_.emplace_back(); }  // 0 is not a valid place

    /// Starts the ids above those of an earlier broker. A broker uses one id per call, and a call
    /// takes more than a microsecond.
    void begin(std::uint64_t now_ns) noexcept { uses_ = now_ns / 1000 & uses_mask; }

    RoutedCall& add() {
        const std::uint32_t place = take_place();
        ++size_;
        uses_ = (uses_ + 1) & uses_mask;
        places_[place]->id = uses_ << place_bits | place;
        return *places_[place];
    }
    /// Frees the entry. The memory of some entries is reused, with that of name and document unless
    /// it is large.
    void remove(RoutedCall& call) {
        const std::uint32_t place = place_of(call);
        --size_;
        if (free_.size() == free_entries_max) {
            places_[place].reset();
            empty_.push_back(place);
            return;
        }
        call.id = 0;
        call.due_ns = 0;
        call.provider = nullptr;
        call.is_taken = false;
        call.passed.clear();
        if (call.document.capacity() > kept_bytes_max) Bytes().swap(call.document);
        if (call.name.capacity() > kept_bytes_max) std::string().swap(call.name);
        if (call.passed.capacity() * sizeof(std::uint64_t) > kept_bytes_max) {
            call.passed.shrink_to_fit();
        }
        free_.push_back(place);
    }

    /// Returns null if the call has ended or never existed.
    [[nodiscard]] RoutedCall* find(std::uint64_t id) noexcept {
        const std::uint64_t place = id & place_mask;
        if (place == 0 || place >= places_.size()) return nullptr;
        RoutedCall* const call = places_[place].get();
        return call == nullptr || call->id != id ? nullptr : call;
    }
    /// REQUIRES: the entry is in use.
    [[nodiscard]] RoutedCall& at(std::uint32_t place) noexcept { return *places_[place]; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// Number of entries that use memory, including unused ones.
    [[nodiscard]] std::size_t entries() const noexcept { return size_ + free_.size(); }
    [[nodiscard]] bool is_full() const noexcept { return size_ == limits::calls_max; }

    void link_to_caller(RoutedCall& call) {
        Lane& lane = call.caller_lane();
        link<&RoutedCall::next_of_caller, &RoutedCall::before_of_caller>(call, lane.first_call);
        ++lane.calls;
    }
    void unlink_from_caller(RoutedCall& call) {
        Lane& lane = call.caller_lane();
        unlink<&RoutedCall::next_of_caller, &RoutedCall::before_of_caller>(call, lane.first_call);
        --lane.calls;
    }
    void link_to_provider(RoutedCall& call) {
        link<&RoutedCall::next_of_provider, &RoutedCall::before_of_provider>(call,
                                                                             call.provider->first);
        ++call.provider->under_way;
    }
    void unlink_from_provider(RoutedCall& call) {
        unlink<&RoutedCall::next_of_provider, &RoutedCall::before_of_provider>(
            call, call.provider->first);
        --call.provider->under_way;
    }

private:
    static constexpr unsigned place_bits = 20;
    static_assert(limits::calls_max < 1U << place_bits);
    static constexpr std::uint64_t place_mask = (1U << place_bits) - 1;
    static constexpr std::uint64_t uses_mask = (1ULL << 42) - 1;  ///< shm::Claims need two bits
    static constexpr std::size_t kept_bytes_max = 256;
    static constexpr std::size_t free_entries_max = 1024;
    using Link = std::uint32_t RoutedCall::*;

    [[nodiscard]] static std::uint32_t place_of(const RoutedCall& call) noexcept {
        return static_cast<std::uint32_t>(call.id & place_mask);
    }
    template <Link next, Link before>
    void link(RoutedCall& call, std::uint32_t& first) {
        call.*next = first;
        call.*before = 0;
        if (first != 0) (*places_[first]).*before = place_of(call);
        first = place_of(call);
    }
    template <Link next, Link before>
    void unlink(RoutedCall& call, std::uint32_t& first) {
        if (call.*before != 0) (*places_[call.*before]).*next = call.*next;
        else first = call.*next;
        if (call.*next != 0) (*places_[call.*next]).*before = call.*before;
    }

    /// Returns a place with an entry.
    std::uint32_t take_place() {
        if (!free_.empty()) {
            const std::uint32_t place = free_.back();
            free_.pop_back();
            return place;
        }
        if (empty_.empty()) {
            empty_.push_back(static_cast<std::uint32_t>(places_.size()));
            places_.emplace_back();
        }
        const std::uint32_t place = empty_.back();
        places_[place] = std::make_unique<RoutedCall>();
        empty_.pop_back();
        return place;
    }

    std::vector<std::unique_ptr<RoutedCall>> places_;
    std::vector<std::uint32_t> free_;   ///< places with an unused entry
    std::vector<std::uint32_t> empty_;  ///< places without an entry
    std::uint64_t uses_ = 0;
    std::size_t size_ = 0;
};

}  // namespace ringside::broker
