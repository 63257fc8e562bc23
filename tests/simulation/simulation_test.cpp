#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <set>

#include "shm/index/name_index.hpp"
#include "shm/name/name.hpp"
#include "shm/ring/change_ring.hpp"
#include "tests/simulation/model.hpp"
#include "tests/support/engine_harness.hpp"
#include "tests/support/seeded_test.hpp"

/// The engine in one thread with simulated clients, watchers, a store and a clock. A seed
/// determines everything: requests and stalls of clients, lost wake-ups, a store that falls behind
/// until the ring is full, exhausted memory, and brokers that die between two turns or before their
/// answers are visible. Each change in the ring is compared with the model at once, each answer
/// with the changes, and each snapshot with the model at its revision.
namespace ringside::broker {
namespace {

using namespace testing;
using wire::CommandKind;
using wire::ConditionKind;
using Operation = ReferenceModel::Operation;

constexpr std::size_t clients_count = 6;

struct Request {
    std::uint64_t number = 0;
    std::vector<Operation> operations;
    std::uint64_t sent_at = 0;  ///< turn
    bool is_applied = false;
    bool may_be_unknown = false;  ///< to the broker, since the last take-over
    Revision revision = 0;
    Position position = 0;
    std::vector<Version> versions;
};

struct SimulatedClient {
    SessionId id = 0;
    shm::SessionMemoryView memory;
    std::unique_ptr<LaneClient> lane;
    std::deque<Request> under_way;
    std::optional<Position> last_applied;  ///< of the answered requests
    std::uint64_t stalled_until = 0;
    /// The grid at the time the snapshot was opened.
    std::optional<Revision> snapshot;
    std::map<std::string, ReferenceModel::Record> then;
};

/// Folds changes like the real store, at its own pace.
struct SimulatedStore {
    Position cursor = 0;
    std::map<std::string, std::string> records;
    std::uint64_t stalled_until = 0;
};

struct Watcher {
    Position cursor = 0;
    std::uint64_t stalled_until = 0;
    std::uint64_t met = 0;
    std::uint64_t lapped = 0;
};

class Simulation : public SeededTest {
protected:
    Simulation() { start(); }

    void start() {
        segment_.emplace(
            shm::Segment::create_anonymous({.memory_bytes = 12ULL << 20, .ring_entries = 1024})
                .value());
        durability_ = std::make_unique<Durability>();
        durability_->kept_from = 0;
        engine_ = make_engine();
        for (SessionId id = 1; id <= clients_count; ++id) {
            auto memory = SessionMemory::create().value();
            clients_.emplace_back();
            clients_.back().id = id;
            clients_.back().memory = memory.view();
            engine_->open(std::make_unique<Session>(id, id - 1, std::move(memory), peer(id)),
                          now_ns_);
            bind(clients_.back());
        }
    }

    static Peer peer(SessionId id) {
        return {{1000 + id, 1, 1, {}}, {shm::Role::admin, {}}, "simulated"};
    }
    static void bind(SimulatedClient& client) {
        const std::uint64_t number = client.lane == nullptr ? 0 : client.lane->number;
        client.lane = std::make_unique<LaneClient>(client.memory, 0);
        client.memory.control().lanes_open = 1;
        client.memory.control().pins_used = 1;
        client.lane->adopt();
        client.lane->number = number;
    }
    std::unique_ptr<Engine> make_engine() {
        return std::make_unique<Engine>(
            segment_->view(),
            GridHost{.commit_memory = [](Offset, std::uint64_t) { return true; },
                     .heavy_fence = [] {},
                     .collect_pins = {}},
            GridOptions{}, *durability_);
    }
    [[nodiscard]] const shm::Header& header() const { return segment_->header(); }
    [[nodiscard]] Revision published() const { return header().commit.published.load(); }

    // Clients.

    std::string any_name() {
        const std::string number = std::to_string(random_.below(200));
        return random_.one_in(5) ? "deep/" + std::string(120, 'n') + "/" + number : "r/" + number;
    }
    static std::string member_key(std::uint64_t i) {
        const std::string digits = std::to_string(i);
        return "k" + std::string(3 - digits.size(), '0') + digits;
    }
    std::string any_document() {
        std::uint64_t fill = random_.one_in(50) ? random_.below(50'000) : random_.below(80);
        if (turn_ % 8192 < 64) fill = random_.below(120'000);  // until memory is full
        std::string json = R"({"n":)" + std::to_string(random_.below(100'000)) + R"(,"s":")" +
                           std::string(fill, 'x') + '"';
        if (!random_.one_in(60)) return json + "}";
        json += R"(,"t":{)";
        for (std::uint64_t i = 0, count = 1 + random_.below(400); i < count; ++i) {
            json += (i == 0 ? "\"" : ",\"") + member_key(i) + "\":1";
        }
        return json + "}}";
    }

    Operation any_operation() {
        Operation operation;
        operation.name = any_name();
        const auto place = model_.records().find(operation.name);
        const bool exists = place != model_.records().end();
        switch (random_.below(8)) {
            case 0: operation.kind = CommandKind::remove; break;
            case 1:
                operation.kind = CommandKind::merge;
                operation.json = R"({"n":)" + std::to_string(random_.below(1000)) + "}";
                break;
            case 2:
            case 3:
                // To the client's knowledge: the record may have changed by then.
                if (exists && place->second.json.find("\"n\":") != std::string::npos) {
                    operation.kind = CommandKind::set_path;
                    operation.pointer = "/n";
                    operation.json = std::to_string(random_.below(1000));
                    break;
                }
                [[fallthrough]];
            default:
                operation.kind = CommandKind::put;
                operation.json = any_document();
                if (random_.one_in(30)) operation.terms.ttl_ms = 1 + random_.below(50);
        }
        if (random_.one_in(6)) {
            operation.terms.condition = static_cast<ConditionKind>(1 + random_.below(3));
            if (operation.terms.condition == ConditionKind::version && exists) {
                operation.terms.expected = place->second.version;
            } else if (operation.terms.condition == ConditionKind::revision && exists) {
                operation.terms.expected = place->second.revision;
            } else if (operation.terms.condition != ConditionKind::absent) {
                operation.terms.expected = random_.below(3);
            }
        }
        return operation;
    }

    /// A patch of one of many members. No other client must write that record, or the path may
    /// vanish.
    Operation any_page_operation(const SimulatedClient& client) {
        Operation operation;
        operation.name = "own/" + std::to_string(client.id);
        const auto place = model_.records().find(operation.name);
        if (place == model_.records().end() || random_.one_in(200)) {
            operation.json = R"({"n":1,"s":"","t":{)";
            for (std::uint64_t i = 0; i < 500; ++i) {
                operation.json += (i == 0 ? "\"" : ",\"") + member_key(i) + "\":1";
            }
            operation.json += "}}";
            return operation;
        }
        operation.kind = CommandKind::set_path;
        operation.pointer = "/t/" + member_key(random_.below(500));
        operation.json = std::to_string(random_.below(1000));
        return operation;
    }

    void send(SimulatedClient& client) {
        if (turn_ < client.stalled_until || client.under_way.size() > 60) return;
        Request request;
        if (random_.one_in(8) && client.under_way.empty()) {
            request.operations.push_back(any_page_operation(client));
        } else {
            const std::uint64_t count = random_.one_in(5) ? 1 + random_.below(8) : 1;
            for (std::uint64_t i = 0; i < count; ++i) {
                request.operations.push_back(any_operation());
            }
        }
        send(client, std::move(request));
    }

    void send(SimulatedClient& client, Request request) {
        // A message of several frames is started only if all its frames fit.
        std::size_t bytes = 0;
        for (const Operation& operation : request.operations) bytes += operation.json.size();
        const bool is_large = bytes > shm::request_ring_bytes / 8;
        if (is_large && (!client.under_way.empty() || bytes > shm::request_ring_bytes / 2)) return;
        for (const Operation& operation : request.operations) {
            const Bytes document =
                operation.json.empty() ? Bytes() : document_from_json(operation.json).value();
            client.lane->writer.append(operation.kind, operation.name, operation.pointer, document,
                                       operation.terms);
        }
        if (!client.lane->send()) {  // a full ring: the number was not used
            --client.lane->number;
            return;
        }
        client.lane->control().client.sent.store(client.lane->number);
        request.number = client.lane->number;
        request.sent_at = turn_;
        request.may_be_unknown = false;
        client.under_way.push_back(std::move(request));
    }

    void take_answers(SimulatedClient& client) {
        if (turn_ < client.stalled_until) return;
        while (const auto answer = client.lane->take()) {
            ASSERT_FALSE(client.under_way.empty());
            Request request = std::move(client.under_way.front());
            client.under_way.pop_front();
            ASSERT_EQ(answer->number, request.number) << "answers in another order";
            if (request.is_applied) client.last_applied = request.position;
            if (answer->error == Errc::ok) {
                ASSERT_TRUE(request.is_applied) << "acknowledged, and not in the ring";
                ASSERT_EQ(answer->revision, request.revision);
                ASSERT_EQ(answer->versions, request.versions);
                ++acknowledged_;
                continue;
            }
            if (answer->error == Errc::connection_lost) {
                // The request was sent to an earlier broker, and its entries, if any, are not in
                // the ring now.
                ASSERT_TRUE(request.may_be_unknown) << "the ring of a later broker decides it";
                ++unknown_;
                continue;
            }
            ASSERT_FALSE(request.is_applied) << "refused, and in the ring: " << answer->detail;
            ++refused_;
            if (answer->error == Errc::not_applied) {
                request.is_applied = false;
                send(client, std::move(request));
            } else {
                check_refusal(request, *answer);
            }
            if (HasFatalFailure()) return;
        }
    }

    /// If none of the records has changed since the request was sent, the model must refuse it too.
    void check_refusal(const Request& request, const Answer& answer) {
        if (answer.error == Errc::grid_full) {
            ++full_;
            return;
        }
        for (const Operation& operation : request.operations) {
            const auto changed = changed_at_.find(operation.name);
            if (changed != changed_at_.end() && changed->second >= request.sent_at) return;
        }
        ReferenceModel trial = model_;
        for (const Operation& operation : request.operations) {
            if (const auto refusal = trial.refusal(operation)) {
                ASSERT_EQ(*refusal, answer.error) << answer.detail;
                return;
            }
            trial.apply(operation, published() + 1, now_ms());
        }
        FAIL() << "refused without a reason: " << name(answer.error) << ": " << answer.detail;
    }

    // What the engine has published.

    void follow_ring() {
        const shm::ChangeRingReader ring(segment_->view());
        const Revision until = published();
        for (Position position = followed_; position < ring.head();) {
            const auto first = ring.read(position);
            ASSERT_TRUE(first) << "the simulator was lapped";
            ASSERT_EQ(first->revision, last_revision_ + 1);
            ASSERT_LE(first->revision, until);
            last_revision_ = first->revision;
            if (first->kind == shm::ChangeKind::expire) {
                expire(*first);
                ++position;
            } else if (first->session == 0) {
                position = pass_system_records(ring, *first);
            } else {
                position = apply_commit(ring, *first);
            }
            if (HasFatalFailure()) return;
            ++commits_;
            followed_ = position;
        }
        ASSERT_LE(last_revision_, until);
        last_revision_ = until;  // a take-over publishes a revision without a change
    }

    /// Skips the records that the grid writes for itself. No other change shares their commit.
    Position pass_system_records(const shm::ChangeRingReader& ring, const shm::Change& first) {
        Position position = first.position;
        for (auto change = ring.read(position); change && change->revision == first.revision;
             change = ring.read(++position)) {
            EXPECT_TRUE(is_reserved(segment_->view().version_at(change->version)->name()));
        }
        return position;
    }

    void expire(const shm::Change& change) {
        const std::string name(segment_->view().version_at(change.version)->name());
        const auto place = model_.records().find(name);
        ASSERT_NE(place, model_.records().end()) << name << " expired and was not there";
        ASSERT_NE(place->second.expires_ms, 0U) << name;
        ASSERT_LE(place->second.expires_ms, now_ms()) << name << " expired too early";
        model_.erase(name);
        changed_at_[name] = turn_;
    }

    Position apply_commit(const shm::ChangeRingReader& ring, const shm::Change& first) {
        Request* request = find(first);
        if (request == nullptr) {
            ADD_FAILURE() << "a commit that nobody has asked for, or twice";
            return first.position;
        }
        Position position = first.position;
        for (const Operation& operation : request->operations) {
            const auto change = ring.read(position++);
            check_change(change, operation, first);
            if (HasFatalFailure()) return position;
            const Version version = model_.apply(operation, first.revision, now_ms());
            request->versions.push_back(version);
            changed_at_[operation.name] = turn_;
            check_version(*change, operation, version);
            if (HasFatalFailure()) return position;
        }
        request->is_applied = true;
        request->revision = first.revision;
        request->position = first.position;
        return position;
    }

    Request* find(const shm::Change& change) {
        SimulatedClient& client = clients_.at(change.session - 1);
        for (Request& request : client.under_way) {
            if (request.number == change.command && !request.is_applied) return &request;
        }
        return nullptr;
    }

    void check_change(const std::optional<shm::Change>& change, const Operation& operation,
                      const shm::Change& first) {
        ASSERT_TRUE(change);
        ASSERT_EQ(change->revision, first.revision) << "a commit was torn";
        ASSERT_EQ(segment_->view().version_at(change->version)->name(), operation.name);
        ASSERT_FALSE(model_.refusal(operation))
            << operation.name << ": done in spite of " << name(*model_.refusal(operation));
    }

    void check_version(const shm::Change& change, const Operation& operation, Version version) {
        const shm::VersionBlock& block = *segment_->view().version_at(change.version);
        const bool is_removal = operation.kind == CommandKind::remove;
        ASSERT_EQ(block.is_tombstone(), is_removal);
        if (is_removal) return;
        const ReferenceModel::Record& record = model_.records().at(operation.name);
        ASSERT_EQ(block.version, version) << operation.name;
        ASSERT_EQ(block.expires_ms(), record.expires_ms) << operation.name;
        ASSERT_EQ(to_json(document_of(block)), record.json) << operation.name;
    }
    [[nodiscard]] Value document_of(const shm::VersionBlock& block) const {
        return Value::of(block.document(), &segment_->view().pages());
    }

    void scan_equals(Revision at, const std::map<std::string, ReferenceModel::Record>& expected) {
        shm::NameIndexCursor cursor(segment_->view());
        cursor.seek("");
        auto next = expected.begin();
        for (auto ids = cursor.next(); !ids.empty(); ids = cursor.next()) {
            for (const std::uint32_t id : ids) {
                const auto* block = shm::visible_record(
                    segment_->view(), shm::newest_of(segment_->view(), RecordId{id}), at);
                if (block == nullptr || is_reserved(block->name())) continue;
                ASSERT_NE(next, expected.end()) << "too many: " << block->name();
                ASSERT_EQ(block->name(), next->first);
                ASSERT_EQ(block->version, next->second.version) << block->name();
                ASSERT_EQ(to_json(document_of(*block)), next->second.json) << block->name();
                ++next;
            }
        }
        ASSERT_EQ(next, expected.end()) << next->first << " is missing";
    }

    // Readers.

    void use_snapshot(SimulatedClient& client) {
        shm::PinSlot& pin = client.memory.pin(0);
        if (!client.snapshot) {
            pin.pin.store(shm::pin_word(published()));
            client.snapshot = published();
            client.then = model_.records();
            return;
        }
        const Revision at = *client.snapshot;
        if (segment_->view().session(client.id - 1).revoked_below.load() <= at) {
            scan_equals(at, client.then);
            ++snapshots_;
        } else {
            ++revoked_;
        }
        pin.pin.store(shm::no_pin);
        client.snapshot.reset();
        client.then.clear();
    }

    void watch(Watcher& watcher) {
        if (turn_ < watcher.stalled_until) return;
        if (random_.one_in(300)) watcher.stalled_until = turn_ + random_.below(2000);
        const shm::ChangeRingReader ring(segment_->view());
        for (std::uint64_t i = random_.below(200); i > 0 && watcher.cursor < ring.head(); --i) {
            const auto change = ring.read(watcher.cursor);
            if (!change || watcher.cursor < ring.tail()) {
                ASSERT_LT(watcher.cursor, ring.tail()) << "an entry within the ring is not there";
                ++watcher.lapped;
                watcher.cursor = ring.tail();
                continue;
            }
            ASSERT_EQ(change->position, watcher.cursor);
            ++watcher.cursor;
            ++watcher.met;
        }
    }

    void run_store() {
        if (turn_ < store_.stalled_until) return;
        if (random_.one_in(400)) store_.stalled_until = turn_ + random_.below(500);
        const shm::ChangeRingReader ring(segment_->view());
        for (std::uint64_t i = random_.below(400); i > 0 && store_.cursor < ring.head(); --i) {
            const auto change = ring.read(store_.cursor);
            ASSERT_TRUE(change) << "the ring has passed the store";
            ++store_.cursor;
            const shm::VersionBlock& block = *segment_->view().version_at(change->version);
            if (is_reserved(block.name())) continue;
            if (block.is_tombstone()) store_.records.erase(std::string(block.name()));
            else store_.records[std::string(block.name())] = to_json(document_of(block));
        }
        durability_->kept_from.store(store_.cursor);
        if (store_.cursor == ring.head()) durability_->durable.store(published());
        if (store_.cursor == ring.head()) check_store();
    }
    void check_store() {
        if (!random_.one_in(50)) return;
        ASSERT_EQ(store_.records.size(), model_.records().size());
        for (const auto& [name, record] : model_.records()) {
            ASSERT_EQ(store_.records[name], record.json) << name;
        }
    }

    // Time, and events in time.

    [[nodiscard]] std::uint64_t now_ms() const { return now_ns_ / 1'000'000; }

    void turn_engine() {
        now_ns_ += random_.below(200'000);
        outbox_.clear();
        engine_->turn(now_ns_, outbox_);
        ASSERT_TRUE(outbox_.ended.empty()) << outbox_.ended.front().reason.text();
        if (random_.one_in(20)) engine_->housekeep(now_ns_);
        follow_ring();
    }

    /// The values of the broker's words in a lane.
    struct Told {
        std::uint32_t request_head;
        std::uint32_t reply_tail;
        std::uint32_t answered;
    };
    std::vector<Told> told() {
        std::vector<Told> all;
        for (SimulatedClient& client : clients_) {
            shm::LaneControl& control = client.lane->control();
            all.push_back({control.broker.request_head.load(),
                           control.broker_reply.reply_tail.load(),
                           control.broker_reply.answered.load()});
        }
        return all;
    }

    /// Marks the requests whose outcome a broker that takes over now cannot know: the ring, from
    /// its tail on, holds neither their commit nor an earlier one of their lane.
    void note_doubts(Position tail) {
        for (SimulatedClient& client : clients_) {
            bool is_known = tail == 0 || (client.last_applied && *client.last_applied >= tail);
            for (Request& request : client.under_way) {
                const bool is_in_ring = request.is_applied && request.position >= tail;
                request.may_be_unknown = !is_known && !is_in_ring;
                if (request.may_be_unknown) ++doubtful_;
                is_known = is_known || is_in_ring;
            }
        }
    }

    /// Kills the broker between two turns, or after a turn whose results no client has seen.
    void kill_broker() {
        if (random_.one_in(2)) {
            const std::vector<Told> before = told();
            turn_engine();
            if (HasFatalFailure()) return;
            for (std::size_t i = 0; i < clients_.size(); ++i) {
                shm::LaneControl& control = clients_[i].lane->control();
                control.broker.request_head.store(before[i].request_head);
                control.broker_reply.store(before[i].reply_tail, before[i].answered);
            }
        }
        ++deaths_;
        std::vector<SessionMemory> memories;
        for (SimulatedClient& client : clients_) {  // a second mapping of the same memory
            memories.push_back(SessionMemory::create().value());
            std::memcpy(memories.back().view().base(), client.memory.base(),
                        shm::session_lanes_offset + shm::lane_bytes);
        }
        engine_ = nullptr;
        engine_ = make_engine();
        Survey survey(segment_->view());
        const auto fits = survey.run();
        ASSERT_TRUE(fits) << fits.error().text();
        note_doubts(survey.tail);
        ASSERT_TRUE(engine_->take_over(std::move(survey), now_ns_));
        for (std::size_t i = 0; i < clients_.size(); ++i) {
            clients_[i].memory = memories[i].view();
            const auto refused = engine_->resume(Session::of_former_broker(
                clients_[i].id, clients_[i].id - 1, std::move(memories[i]), peer(clients_[i].id)));
            ASSERT_FALSE(refused) << refused->reason.text();
            bind(clients_[i]);
        }
        follow_ring();
    }

    void step() {
        ++turn_;
        for (SimulatedClient& client : clients_) {
            for (std::uint64_t i = random_.below(6); i > 0; --i) send(client);
            if (random_.one_in(500)) client.stalled_until = turn_ + random_.below(300);
        }
        if (random_.one_in(3000)) kill_broker();
        else if (!random_.one_in(10)) turn_engine();  // or the wake-up was lost
        if (HasFatalFailure()) return;
        for (SimulatedClient& client : clients_) {
            take_answers(client);
            if (HasFatalFailure()) return;
            if (random_.one_in(400)) use_snapshot(client);
        }
        for (Watcher& watcher : watchers_) watch(watcher);
        run_store();
        if (random_.one_in(2000)) scan_equals(published(), model_.records());
    }

    void run(std::uint64_t commits) {
        while (commits_ < commits) {
            step();
            if (HasFatalFailure()) {
                ADD_FAILURE() << "in step " << turn_ << ", after " << commits_ << " commits";
                return;
            }
        }
        scan_equals(published(), model_.records());
        EXPECT_GT(acknowledged_, commits / 2);
        EXPECT_GT(refused_, commits / 100);
        EXPECT_GT(snapshots_, 0U);
        for (const Watcher& watcher : watchers_) EXPECT_GT(watcher.met, 0U);
    }

    Random random_ = random(0);
    std::optional<shm::Segment> segment_;
    std::unique_ptr<Durability> durability_;
    std::unique_ptr<Engine> engine_;
    Outbox outbox_;
    std::vector<SimulatedClient> clients_;
    std::vector<Watcher> watchers_ = std::vector<Watcher>(4);
    SimulatedStore store_;
    ReferenceModel model_;
    std::map<std::string, std::uint64_t> changed_at_;
    std::uint64_t now_ns_ = 1'000'000'000;
    std::uint64_t turn_ = 0;
    Position followed_ = 0;
    Revision last_revision_ = 0;
    std::uint64_t commits_ = 0;
    std::uint64_t acknowledged_ = 0;
    std::uint64_t refused_ = 0;
    std::uint64_t full_ = 0;
    std::uint64_t snapshots_ = 0;
    std::uint64_t revoked_ = 0;
    std::uint64_t deaths_ = 0;
    std::uint64_t doubtful_ = 0;  ///< requests whose outcome a later broker could not know
    std::uint64_t unknown_ = 0;   ///< those of them that were answered with connection_lost
};

TEST_F(Simulation, AMillionCommitsAgreeWithTheModel) {
    run(1'000'000);
    EXPECT_GT(deaths_, 3U);
    EXPECT_GT(full_, 0U);
    EXPECT_LE(unknown_, doubtful_);
    EXPECT_GT(revoked_, 0U) << "memory was short while snapshots were open";
    EXPECT_LE(revoked_, header().counters.pins_revoked.load());
    EXPECT_LT(revoked_, snapshots_) << "most snapshots end before memory is short";
    RecordProperty("deaths", static_cast<int>(deaths_));
    RecordProperty("grid_full", static_cast<int>(full_));
    RecordProperty("snapshots", static_cast<int>(snapshots_));
}

using LongSimulation = Simulation;
TEST_F(LongSimulation, TensOfMillionsOfCommitsAgreeWithTheModel) { run(30'000'000); }

}  // namespace
}  // namespace ringside::broker
