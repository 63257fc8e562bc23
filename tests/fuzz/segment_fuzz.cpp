#include "broker/engine/survey.hpp"
#include "shm/index/name_index.hpp"
#include "shm/segment/plan.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/segment_image.hpp"
#include "tests/support/engine_harness.hpp"

/// The damaged segment of a dead broker. The survey refuses it, or the next broker continues with
/// it as with any other.
using namespace ringside;
using fuzz::require;

namespace {

/// Checks what opening a segment by its name checks.
bool can_be_opened(const shm::SegmentView& view) {
    const shm::Identity& identity = view.identity();
    return identity.magic == shm::segment_magic && identity.layout == shm::layout_version &&
           identity.fingerprint == shm::layout_fingerprint() &&
           shm::check_plan(identity, view.size_bytes()).has_value();
}

class NextBroker {
public:
    explicit NextBroker(const shm::SegmentView& view)
        : view_(view), engine_(view, fuzz::plain_host(), {}, durability_) {}

    /// Returns false if there is not enough memory to continue.
    bool take_over(broker::Survey&& survey) {
        auto taken = engine_.take_over(std::move(survey), now_ns_);
        if (taken) return true;
        require(taken.error() == Errc::grid_full, taken.error().text());
        return false;
    }

    /// Reads everything, and returns the names.
    std::vector<std::string> read_all() const {
        std::vector<std::string> names;
        const Revision revision = view_.header().commit.published;
        shm::NameIndexCursor cursor(view_);
        cursor.seek("");
        for (auto ids = cursor.next(); !ids.empty(); ids = cursor.next()) {
            for (const std::uint32_t id : ids) {
                const auto* version =
                    shm::visible_record(view_, shm::newest_of(view_, RecordId{id}), revision);
                if (version == nullptr) continue;
                static_cast<void>(to_json(Value::of(version->document())));
                names.emplace_back(version->name());
            }
        }
        return names;
    }

    void serve(const std::vector<std::string>& names) {
        open();
        for (std::size_t i = 0; i < names.size(); i += 1 + names.size() / 8) {
            put(names[i]);
            lane_->writer.set_path(names[i], "/new", document_from_json("1").value(), {});
            send();
            lane_->writer.remove(names[i], {});
            send();
        }
        put("a/new/record");
        lane_->writer.compact();
        send();
        now_ns_ += 3'600'000'000'000;
        settle();
        engine_.housekeep(now_ns_);
    }

private:
    void open() {
        auto memory = broker::SessionMemory::create().value();
        const shm::SessionMemoryView view = memory.view();
        engine_.open(std::make_unique<broker::Session>(
                         2000, 1999, std::move(memory),
                         broker::Peer{{1001, 1, 1, {}}, {shm::Role::admin, {}}, "next"}),
                     now_ns_);
        view.control().lanes_open = 1;
        lane_.emplace(view, 0);
    }
    void put(const std::string& name) {
        const Bytes document = document_from_json(R"({"by":"the next broker"})").value();
        lane_->writer.put(name, document, {});
        const auto answer = send();
        // A survey does not read names, and a damaged segment may be full.
        if (answer.error != Errc::ok) return;
        const shm::RecordTableReader table(view_);
        const auto* version =
            shm::visible_record(view_, table.find(name, table.hash(name)), answer.revision);
        require(version != nullptr, "what was put is found: " + name);
        require(Value::of(version->document()).is_same(Value::of(document)), "as it was put");
    }
    testing::Answer send() {
        require(lane_->send(), "the lane has room");
        settle();
        auto answer = lane_->take();
        require(answer.has_value(), "it is answered");
        return std::move(*answer);
    }
    void settle() {
        for (int turns = 0; turns < 1000; ++turns) {
            outbox_.clear();
            if (!engine_.turn(now_ns_ += 1000, outbox_) && !engine_.has_work()) return;
        }
        require(false, "it comes to rest");
    }

    shm::SegmentView view_;
    broker::Durability durability_;
    broker::Engine engine_;
    broker::Outbox outbox_;
    std::optional<testing::LaneClient> lane_;
    std::uint64_t now_ns_ = fuzz::SegmentImage::now_ns + 1'000'000'000;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const fuzz::SegmentImage image;
    const shm::SegmentView view = image.fresh();
    fuzz::Input input(data, size);
    fuzz::edit(view, image.places(), input);
    if (!can_be_opened(view)) return 0;
    broker::Survey survey(view);
    if (!survey.run()) return 0;
    NextBroker next(view);
    if (!next.take_over(std::move(survey))) return 0;
    next.serve(next.read_all());
    broker::Survey again(view);
    const auto fits = again.run();
    require(fits.has_value(), "it fits afterwards: " + (fits ? "" : fits.error().text()));
    return 0;
}
