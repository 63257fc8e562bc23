#include "broker/engine/survey.hpp"
#include "shm/document/verify.hpp"
#include "shm/protocol/reply.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/request_script.hpp"
#include "tests/support/engine_harness.hpp"

/// Messages of a lane for a real engine. The first byte selects the meaning of the rest: a raw
/// request, a script of requests that is encoded as a client does it, or a reply that a client
/// reads. The grid is reused for several inputs.
using namespace ringside;
using fuzz::require;

namespace {

class Broker {
public:
    Broker() : honest_(harness_.open()), honest_lane_(&honest_.open_lane()) {}

    /// Sends one message in a new session.
    void take_message(const broker::Access& access, ByteView message) {
        auto client = harness_.open(access);
        testing::LaneClient& lane = client.open_lane();
        require(lane.send_bytes(message), "there is room for it");
        if (settle()) return;  // its memory is gone as well
        require(lane.take_all().size() == 1, "an answer, or the end");
        static_cast<void>(harness_.engine.close(client.id));
    }

    void take_script(const broker::Access& access, fuzz::Input& input) {
        auto client = harness_.open(access);
        testing::LaneClient& lane = client.open_lane();
        for (int requests = 0; requests < 8 && !input.empty(); ++requests) {
            const fuzz::ScriptedRequest request =
                fuzz::next_request(input, lane.writer, harness_.published());
            harness_.now_ns += request.pause_ms * 1'000'000;
            require(lane.send_bytes(lane.writer.finish(++lane.number, request.is_durable)),
                    "there is room for it");
            require(!settle(), "no request that is well formed ends a session");
            check(lane.take_all(), lane.number, request);
        }
        static_cast<void>(harness_.engine.close(client.id));
    }

    /// Checks what must hold after any input.
    void check_whole() {
        harness_.engine.housekeep(harness_.now_ns);
        broker::Survey survey(harness_.segment.view());
        const auto fits = survey.run();
        require(fits.has_value(), "the grid fits: " + (fits ? "" : fits.error().text()));
        const auto& counters = harness_.segment.header().counters;
        require(survey.live == counters.records, "its records are counted");
        require(honest_lane_->put("honest", "[1,2]"), "others are served");
        require(!settle(), "and not ended");
        require(honest_lane_->take_all().size() == 1, "and answered");
    }

private:
    /// Returns whether a session has ended.
    bool settle() {
        bool was_ended = false;
        for (int turns = 0; turns < 1000; ++turns) {
            const bool did_something = harness_.turn();
            was_ended = was_ended || !harness_.outbox.ended.empty();
            if (!did_something && !harness_.engine.has_work()) return was_ended;
        }
        require(false, "it comes to rest");
        return was_ended;
    }

    void check(const std::vector<testing::Answer>& answers, std::uint64_t number,
               const fuzz::ScriptedRequest& request) const {
        require(answers.size() == 1 && answers[0].number == number, "one answer");
        const testing::Answer& answer = answers[0];
        if (answer.error != Errc::ok) {
            require(answer.failed_command < request.commands, "one of its commands failed");
            return;
        }
        require(answer.revision <= harness_.published(), "what is answered is there");
        if (!request.only_put.empty() && request.commands == 1) {
            const auto stored = harness_.get(request.only_put, answer.revision);
            require(stored == to_json(Value::of(request.document)), "what was put is there");
        }
    }

    testing::EngineHarness harness_{{.memory_bytes = 16ULL << 20, .ring_entries = 1024}};
    testing::SessionClient honest_;
    testing::LaneClient* honest_lane_;
};

void read_reply(ByteView message) {
    const auto reply = shm::ReplyView::parse(message);
    if (!reply) return;
    std::uint64_t sum = reply->number() + reply->revision() + reply->failed_command();
    for (std::size_t i = 0; i < reply->versions(); ++i) sum += reply->version(i);
    for (const char c : reply->detail()) sum += static_cast<unsigned char>(c);
    const Error error(reply->error(), std::string(reply->detail()));
    require(error.text().size() >= reply->detail().size() || sum == 0, "it can be told");
}

broker::Access access_of(unsigned which) {
    if (which == 0) return {shm::Role::reader, {}};
    if (which == 1) return {shm::Role::writer, {Pattern::parse("event/**").value()}};
    return {shm::Role::admin, {}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr unsigned inputs_per_grid = 2000;
    constexpr unsigned inputs_per_check = 64;
    static std::unique_ptr<Broker> broker;
    static unsigned inputs = 0;
    if (inputs++ % inputs_per_grid == 0) broker = std::make_unique<Broker>();
    fuzz::Input input(data, size);
    const auto mode = input.number();
    switch (mode % 4) {
        case 0: broker->take_message(access_of(mode / 4 % 4), fuzz::copy_of(input.rest())); break;
        case 1: read_reply(fuzz::copy_of(input.rest())); break;
        default: broker->take_script(access_of(mode / 4 % 4), input); break;
    }
    if (inputs % inputs_per_check == 0) broker->check_whole();
    return 0;
}
