#pragma once

#include <fcntl.h>
#include <sys/mman.h>

#include <memory>
#include <vector>

#include "tests/support/engine_harness.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/seeded_test.hpp"

namespace ringside::testing {

/// A client with a real session that attacks the broker by all available means. It overwrites
/// shared bytes, randomly and on purpose, and sends messages that no honest client would send.
class Saboteur {
public:
    Saboteur(std::string grid, Random random) : grid_(std::move(grid)), random_(random) {}

    /// Makes this many attacks, in as many sessions as needed.
    void run(std::uint64_t attacks) {
        for (std::uint64_t i = 0; i < attacks; ++i) {
            if (session_ == nullptr || i >= session_until_) begin_session(i);
            if (session_ != nullptr) attack();
        }
    }
    [[nodiscard]] std::uint64_t sessions() const noexcept { return sessions_; }

private:
    static constexpr std::size_t lanes_max = 3;

    void begin_session(std::uint64_t now) {
        lanes_.clear();
        session_ = std::make_unique<RawClient>(grid_);
        if (!session_->attach()) {
            session_ = nullptr;
            return;
        }
        ++sessions_;
        session_until_ = now + random_.between(1, 400);
        for (std::size_t i = 0; i < lanes_max; ++i) {
            lanes_.push_back(std::make_unique<LaneClient>(session_->memory(), i));
        }
        session_->memory().control().lanes_open = lanes_max;
    }

    [[nodiscard]] shm::SessionMemoryView memory() const { return session_->memory(); }
    LaneClient& any_lane() { return *lanes_[random_.below(lanes_.size())]; }

    void attack() {
        switch (random_.below(13)) {
            case 0: return scribble();
            case 1: return spoil_a_control_word();
            case 2: return spoil_pins();
            case 3: return send_spoiled_request();
            case 4: return change_what_was_sent();
            case 5: return send_at_limits();
            case 6: return send_bad_documents();
            case 7: return send_frames_without_end();
            case 8: return play_with_memory();
            case 9: return send_by_socket();
            case 10: return take_no_replies();
            case 11: return declare_anything();
            default: return be_honest_for_once();
        }
    }

    /// Overwrites random bytes.
    void scribble() {
        for (std::uint64_t i = random_.between(1, 64); i > 0; --i) {
            const std::uint64_t at = random_.one_in(2) ? random_.below(shm::session_lanes_offset)
                                                       : random_.below(shm::session_memory_bytes);
            memory().base()[at] = static_cast<std::byte>(random_.word());
        }
        session_->ring();
    }

    std::uint32_t odd_number(std::uint32_t near) {
        switch (random_.below(5)) {
            case 0: return near + static_cast<std::uint32_t>(random_.below(64)) - 32;
            case 1: return near + static_cast<std::uint32_t>(shm::request_ring_bytes);
            case 2: return 0;
            case 3: return ~0U;
            default: return static_cast<std::uint32_t>(random_.word());
        }
    }

    /// Overwrites ring indices, futex words, request numbers and counts.
    void spoil_a_control_word() {
        shm::LaneControl& lane = any_lane().control();
        const auto spoil = [&](shm::HalfWord& word) { word = odd_number(word.load()); };
        switch (random_.below(9)) {
            case 0: spoil(lane.client.request_tail); break;
            case 1: spoil(lane.client.reply_asleep); break;
            case 2: lane.client.sent = odd_number(7); break;
            case 3: spoil(lane.client_reply.reply_head); break;
            case 4: spoil(lane.broker.request_head); break;
            case 5: spoil(lane.broker_reply.reply_tail); break;
            case 6: spoil(memory().control().lanes_open); break;
            case 7: spoil(memory().control().pins_used); break;
            default: spoil(memory().control().watch_masks[random_.below(64)]); break;
        }
        session_->ring();
    }

    void spoil_pins() {
        shm::PinSlot& slot = memory().pin(random_.below(limits::pins_per_session_max));
        memory().control().pins_used = limits::pins_per_session_max;
        slot.pin = random_.one_in(3) ? random_.word() : random_.below(1000);
        slot.lease_ms = random_.one_in(2) ? ~0ULL : 0;
        slot.cursor = random_.word();
        any_lane().control().pin.pin = random_.below(100);
    }

    std::string own_name() { return "hostile/" + std::to_string(random_.below(50)); }

    void send_spoiled_request() {
        LaneClient& lane = any_lane();
        lane.writer.put(own_name(), document_from_json(R"({"a":[1,"b",{"c":null}]})").value(), {});
        const ByteView good = lane.writer.finish(++lane.number);
        Bytes bytes(good.begin(), good.end());
        for (std::uint64_t i = random_.between(1, 8); i > 0; --i) {
            bytes[random_.below(bytes.size())] = static_cast<Byte>(random_.word());
        }
        if (random_.one_in(4)) bytes.resize(random_.below(bytes.size()) + 1);
        static_cast<void>(lane.send_bytes(bytes));
        session_->ring();
    }

    /// Rewrites a message while the broker may be reading it.
    void change_what_was_sent() {
        const std::size_t which = random_.below(lanes_.size());
        static_cast<void>(lanes_[which]->put(own_name(), R"({"k":"0123456789"})"));
        session_->ring();
        std::byte* ring = memory().request_ring(which);
        for (int i = 0; i < 200; ++i) {
            ring[random_.below(4096)] = static_cast<std::byte>(random_.word());
        }
    }

    /// Sends names, pointers and keys of the maximum length, and one byte longer.
    void send_at_limits() {
        LaneClient& lane = any_lane();
        const std::size_t more = random_.below(2);
        const auto text = [&](std::size_t size) { return std::string(size + more, 'n'); };
        const Bytes one = document_from_json("1").value();
        switch (random_.below(5)) {
            case 0: lane.writer.put("hostile/" + text(limits::name_bytes_max - 8), one, {}); break;
            case 1:
                lane.writer.set_path(own_name(), "/" + text(limits::pointer_bytes_max - 1), one,
                                     {});
                break;
            case 2: lane.writer.put("", one, {}); break;
            case 3: lane.writer.put("honest/1", one, {}); break;
            default: lane.writer.put("hostile/\xff\xfe", one, {}); break;
        }
        static_cast<void>(lane.send());
        session_->ring();
    }

    /// Sends documents with nesting, sharing and references that our encoders never write.
    void send_bad_documents() {
        LaneClient& lane = any_lane();
        Bytes bytes;
        switch (random_.below(4)) {
            case 0: {  // a vector of a vector of …, each element the same one: 2^n values
                bytes = {1, 0, static_cast<Byte>(flex::type_byte(flex::type_null, 0))};
                for (int level = 0; level < 40; ++level) {
                    const auto type = flex::type_byte(flex::type_vector, 0);
                    const auto back = static_cast<Byte>(level == 0 ? 3 : 5);
                    bytes.insert(bytes.end(), {2, back, static_cast<Byte>(back + 1), type, type});
                }
                bytes.insert(bytes.end(), {4, flex::type_byte(flex::type_vector, 0), 1});
                break;
            }
            case 1: {  // a reference to a page in an arbitrary place of the segment
                bytes.resize(PageRef::bytes + 4, PageRef::bytes);
                PageRef{random_.below(1U << 22) * 8, 5, 1, page::Kind::object}.store(&bytes[1]);
                bytes[PageRef::bytes + 2] = flex::type_byte(flex::type_blob, 0);
                bytes[PageRef::bytes + 3] = 1;
                break;
            }
            case 2: bytes = Bytes(random_.below(200), 0xff); break;
            default:
                for (std::uint64_t i = random_.below(300); i > 0; --i) {
                    bytes.push_back(static_cast<Byte>(random_.word()));
                }
        }
        lane.writer.put(own_name(), bytes, {});
        static_cast<void>(lane.send());
        session_->ring();
    }

    /// Sends one message that never ends.
    void send_frames_without_end() {
        const std::size_t which = random_.below(lanes_.size());
        shm::LaneControl& lane = memory().lane(which);
        const std::uint32_t tail = lane.client.request_tail.load();
        const shm::FrameHeader header{random_.one_in(2) ? odd_number(64) : 64U,
                                      static_cast<std::uint32_t>(random_.below(8))};
        std::memcpy(memory().request_ring(which) + (tail & (shm::request_ring_bytes - 1) & ~7U),
                    &header, sizeof header);
        lane.client.request_tail = tail + shm::frame_bytes(64);
        session_->ring();
    }

    /// Resizing and unmapping do not affect the broker's mapping; holes read as zeros.
    void play_with_memory() {
        const int memory_file = session_->memory_descriptor.get();
        switch (random_.below(4)) {
            case 0: static_cast<void>(!ftruncate(memory_file, 0)); break;
            case 1:
                static_cast<void>(!ftruncate(memory_file, 2 * shm::session_memory_bytes));
                break;
            case 2:
                fallocate(memory_file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                          static_cast<off_t>(shm::session_memory_bytes));
                break;
            default: {  // a doorbell that can no longer be rung
                const std::uint64_t most = ~0ULL - 1;
                const int flags = fcntl(session_->doorbell.get(), F_GETFL);
                fcntl(session_->doorbell.get(), F_SETFL, flags | O_NONBLOCK);
                static_cast<void>(!write(session_->doorbell.get(), &most, sizeof most));
            }
        }
        session_->ring();
    }

    void send_by_socket() {
        Bytes packet(random_.between(1, 200));
        for (Byte& byte : packet) byte = static_cast<Byte>(random_.word());
        if (random_.one_in(2)) {
            session_->send(packet.data(), packet.size());
        } else {  // a connection that sends half of a hello and waits
            const auto hello = RawClient::hello();
            half_open_.push_back(std::make_unique<RawClient>(grid_));
            half_open_.back()->send(&hello, sizeof hello / 2);
            if (half_open_.size() > 20) half_open_.clear();
        }
    }

    void take_no_replies() {
        LaneClient& lane = any_lane();
        for (int i = 0; i < 50; ++i) static_cast<void>(lane.put("honest/2", "1"));
        session_->ring();
    }

    /// Declares invalid kinds and lanes, several at one lane, and partial declarations.
    void declare_anything() {
        auto& control = memory().control();
        for (std::uint64_t i = random_.between(1, 8); i > 0; --i) {
            const std::uint64_t place = random_.below(limits::declarations_per_session_max);
            const auto kind = static_cast<shm::DeclarationKind>(random_.below(7));
            const auto lane = static_cast<std::uint32_t>(random_.below(lanes_max + 1));
            const std::string text = random_.one_in(4) ? "**" : own_name();
            memory().declaration(place).declare(kind, lane, random_.one_in(3) ? "user" : text);
            if (random_.one_in(8)) ++memory().declaration(place).head.sequence;
        }
        control.declarations_used = random_.one_in(4) ? odd_number(7) : 256;
        ++control.declarations_changed;
        session_->ring();
    }

    void be_honest_for_once() {
        static_cast<void>(any_lane().put(own_name(), R"({"honest":true})"));
        session_->ring();
    }

    std::string grid_;
    Random random_;
    std::unique_ptr<RawClient> session_;
    std::vector<std::unique_ptr<LaneClient>> lanes_;
    std::vector<std::unique_ptr<RawClient>> half_open_;
    std::uint64_t session_until_ = 0;
    std::uint64_t sessions_ = 0;
};

}  // namespace ringside::testing
