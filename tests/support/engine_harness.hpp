#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/engine/engine.hpp"
#include "shm/document/json.hpp"
#include "shm/pin/pin.hpp"
#include "shm/protocol/reply.hpp"
#include "shm/protocol/request.hpp"
#include "shm/table/record_table.hpp"
#include "shm/version/visibility.hpp"

namespace ringside::testing {

/// A copy of a reply from a lane.
struct Answer {
    std::uint64_t number = 0;
    Errc error = Errc::ok;
    std::size_t failed_command = 0;
    std::string detail;
    Revision revision = 0;
    std::vector<Version> versions;
};

/// The client's end of one lane, without a client process.
class LaneClient {
public:
    LaneClient(const shm::SessionMemoryView& memory, std::size_t index)
        : control_(&memory.lane(index)),
          watch_mask_(&memory.control().watch_masks[index]),
          requests_(memory.request_ring(index), shm::request_ring_bytes,
                    control_->client.request_tail, control_->broker.request_head),
          replies_(memory.reply_ring(index), shm::reply_ring_bytes,
                   control_->broker_reply.reply_tail, control_->client_reply.reply_head) {}

    shm::RequestWriter writer;

    /// Continues where another end of the same lane stopped.
    void adopt() {
        requests_.adopt(shm::ResumePoint::parse_requests(*control_).value());
        replies_.adopt(shm::ResumePoint::parse_replies(*control_).value());
    }

    /// Sends the contents of the writer. Returns false if the ring is full.
    bool send() { return send_bytes(writer.finish(++number)); }

    /// Sends a message in as many frames as it needs. Returns false if the ring is full.
    bool send_bytes(ByteView message) {
        const std::uint32_t part = shm::frame_bytes_max(shm::request_ring_bytes);
        do {
            const std::size_t size = std::min<std::size_t>(part, message.size());
            if (!requests_.push(message.first(size), size < message.size())) return false;
            message = message.subspan(size);
        } while (!message.empty());
        requests_.flush();
        return true;
    }
    bool put(std::string_view name, std::string_view json, const shm::CommandTerms& terms = {}) {
        writer.put(name, document_from_json(json).value(), terms);
        return send();
    }

    /// Returns the next message if it is complete; valid until the next call.
    std::optional<shm::ReplyView> take_message() {
        if (!is_more_) message_.clear();
        do {
            if (replies_.pop(message_, limits::message_bytes_max, is_more_) !=
                shm::ByteRingConsumer::Outcome::frame) {
                return std::nullopt;
            }
            replies_.release();
        } while (is_more_);
        return shm::ReplyView::parse(message_).value();
    }

    /// Returns the next reply and skips deliveries.
    std::optional<Answer> take() {
        auto message = take_message();
        while (message && message->delivery() != nullptr) message = take_message();
        if (!message) return std::nullopt;
        const shm::ReplyView& reply = *message;
        Answer answer{reply.number(),         reply.error(),
                      reply.failed_command(), std::string(reply.detail()),
                      reply.revision(),       {}};
        for (std::size_t i = 0; i < reply.versions(); ++i) {
            answer.versions.push_back(reply.version(i));
        }
        return answer;
    }
    std::vector<Answer> take_all() {
        std::vector<Answer> answers;
        while (auto answer = take()) answers.push_back(std::move(*answer));
        return answers;
    }

    shm::LaneControl& control() { return *control_; }
    shm::HalfWord& watch_mask() { return *watch_mask_; }
    std::uint64_t number = 0;

private:
    shm::LaneControl* control_;
    shm::HalfWord* watch_mask_;
    shm::ByteRingProducer requests_;
    shm::ByteRingConsumer replies_;
    Bytes message_;
    bool is_more_ = false;  ///< the message continues
};

/// A session as seen by its client: maps the memory a second time, like a client.
class SessionClient {
public:
    SessionClient(SessionId session, shm::SessionMemoryView view) : id(session), memory(view) {}

    LaneClient& open_lane() {
        lanes_.push_back(std::make_unique<LaneClient>(memory, lanes_.size()));
        memory.control().lanes_open = static_cast<std::uint32_t>(lanes_.size());
        return *lanes_.back();
    }

    SessionId id;
    shm::SessionMemoryView memory;

private:
    std::vector<std::unique_ptr<LaneClient>> lanes_;
};

/// An engine without processes and threads. The test provides the time.
class EngineHarness {
public:
    explicit EngineHarness(shm::SegmentShape shape = {.memory_bytes = 32ULL << 20,
                                                      .ring_entries = 4096},
                           std::size_t session_memory = limits::sessions_memory_bytes_default)
        : segment(shm::Segment::create_anonymous(shape).value()),
          engine(segment.view(),
                 {.commit_memory = [](Offset, std::uint64_t) { return true; },
                  .heavy_fence = [] {},
                  .collect_pins = {}},
                 {}, durability, {}, broker::MemoryLimits::of_total(session_memory)) {}

    SessionClient open(broker::Access access = {shm::Role::admin, {}}, std::string program = "test",
                       std::uint32_t uid = 1) {
        const SessionId id = ++last_id_;
        auto memory = broker::SessionMemory::create().value();
        const shm::SessionMemoryView view = memory.view();
        engine.open(
            std::make_unique<broker::Session>(
                id, id - 1, std::move(memory),
                broker::Peer{{1000 + id, uid, 1, {}}, std::move(access), std::move(program)}),
            now_ns);
        turn();
        opened_at = published();
        return {id, view};
    }

    bool turn() {
        outbox.clear();
        now_ns += 1000;
        return engine.turn(now_ns, outbox);
    }

    /// Runs turns until there is no work. Returns the number of turns that did work.
    std::size_t settle() {
        std::size_t turns = 0;
        while (turn() || engine.has_work()) ++turns;
        return turns;
    }

    std::optional<std::string> get(std::string_view name, Revision revision) const {
        const shm::RecordTableReader table(segment.view());
        const auto* version =
            shm::visible_record(segment.view(), table.find(name, table.hash(name)), revision);
        if (version == nullptr) return std::nullopt;
        return to_json(Value::of(version->document(), &segment.view().pages()));
    }
    std::optional<std::string> get(std::string_view name) const { return get(name, published()); }
    Revision published() const { return segment.header().commit.published.load(); }

    shm::Segment segment;
    std::uint64_t now_ns = 1'000'000'000;
    Revision opened_at = 0;  ///< revision at which the last session was open
    broker::Outbox outbox;
    broker::Durability durability;
    broker::Engine engine;

private:
    SessionId last_id_ = 0;
};

}  // namespace ringside::testing
