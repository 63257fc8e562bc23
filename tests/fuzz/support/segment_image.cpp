#include "tests/fuzz/support/segment_image.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include "broker/engine/survey.hpp"
#include "shm/index/node.hpp"
#include "tests/support/engine_harness.hpp"

namespace ringside::fuzz {

namespace {

constexpr std::uint64_t guard_bytes = 64ULL << 10;
constexpr std::uint32_t slots_backed = 128;
constexpr shm::SegmentShape shape{.memory_bytes = 8ULL << 20, .ring_entries = 64};

/// A broker's life in the segment, up to its death.
class FormerBroker {
public:
    explicit FormerBroker(const shm::SegmentView& segment)
        : engine_(segment, plain_host(), {.retain_entries = 40, .retain_bytes = 0}, durability_) {}

    void live() {
        open();
        const std::string large(70'000, 'x');
        for (int i = 0; i < 90; ++i) put("event/" + std::to_string(i), R"({"n":1,"price":12.5})");
        put("large", '"' + large + '"');
        put("short-lived", "[1]", {.ttl_ms = 50});
        put("long-lived", "[2]", {.ttl_ms = 500'000});
        for (int i = 0; i < 8; ++i) put("event/7", "{\"n\":" + std::to_string(i) + "}");
        lane_->writer.set_path("event/8", "/price", document_from_json("13").value(), {});
        send();
        for (const char* name : {"event/9", "event/10", "event/60"}) {
            lane_->writer.remove(name, {});
            send();
        }
        lane_->writer.put("a", document_from_json("1").value(), {});
        lane_->writer.remove("event/11", {});
        lane_->writer.merge("event/12", document_from_json(R"({"m":null,"k":[]})").value(), {});
        send();
        now_ns_ += 100'000'000;
        settle();
        engine_.housekeep(now_ns_);
    }

    void die_in_a_commit() {
        const Bytes document = document_from_json(R"({"never":"seen"})").value();
        std::vector<broker::Command> commands(2);
        commands[0].name = "event/1";
        commands[1].name = "unborn";
        for (broker::Command& command : commands) command.document = document;
        std::vector<Version> versions;
        engine_.grid().begin_turn(now_ns_);
        const auto committed =
            engine_.grid().commit(commands, {.session = 1, .lane = 0, .number = 1000}, versions);
        require(committed.has_value(), "the image: half a commit");
    }

private:
    void open() {
        auto memory = broker::SessionMemory::create().value();
        const shm::SessionMemoryView view = memory.view();
        engine_.open(std::make_unique<broker::Session>(
                         1, 0, std::move(memory),
                         broker::Peer{{1001, 1, 1, {}}, {shm::Role::admin, {}}, "image"}),
                     now_ns_);
        view.control().lanes_open = 1;
        lane_.emplace(view, 0);
    }
    void put(const std::string& name, const std::string& json,
             const shm::CommandTerms& terms = {}) {
        lane_->writer.put(name, document_from_json(json).value(), terms);
        send();
    }
    void send() {
        require(lane_->send(), "the image: sent");
        settle();
        const auto answer = lane_->take();
        require(answer && answer->error == Errc::ok, "the image: committed");
    }
    void settle() {
        while (engine_.turn(now_ns_ += 1000, outbox_) || engine_.has_work()) outbox_.clear();
    }

    broker::Durability durability_;
    broker::Engine engine_;
    broker::Outbox outbox_;
    std::optional<testing::LaneClient> lane_;
    std::uint64_t now_ns_ = SegmentImage::now_ns;
};

}  // namespace

broker::GridHost plain_host() {
    return {.commit_memory = [](Offset, std::uint64_t) { return true; },
            .heavy_fence = [] {},
            .collect_pins = {}};
}

SegmentImage::SegmentImage() : memory_(memfd_create("ringside-fuzz", MFD_CLOEXEC)) {
    auto segment = shm::Segment::create_anonymous(shape).value();
    shm::Identity& identity = segment.header().identity;
    identity.boot_id = 1;
    identity.hash_seed = 2;
    identity.created_ns = now_ns;
    {
        FormerBroker broker(segment.view());
        broker.live();
        segment.announce(0);
        broker.die_in_a_commit();
        // Many empty slots would only cost time.
        segment.header().root.slots_backed = slots_backed;
        bytes_ = segment.view().size_bytes();
        require(
            pwrite(memory_.get(), segment.view().base(), bytes_, 0) == static_cast<ssize_t>(bytes_),
            "the image: memory");
    }
    void* all = mmap(nullptr, bytes_ + 2 * guard_bytes, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    require(all != MAP_FAILED, "the image: addresses");
    base_ = static_cast<std::byte*>(all) + guard_bytes;
    find_places(fresh());
}

SegmentImage::~SegmentImage() { munmap(base_ - guard_bytes, bytes_ + 2 * guard_bytes); }

shm::SegmentView SegmentImage::fresh() const {
    void* mapped =
        mmap(base_, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, memory_.get(), 0);
    require(mapped == base_, "the image: mapped");
    return {base_, bytes_};
}

void SegmentImage::find_places(const shm::SegmentView& view) {
    const shm::Identity& identity = view.identity();
    for (Offset word = 0; word < sizeof(shm::Header); word += 8) places_.push_back(word);
    broker::Survey survey(view);
    const auto fits = survey.run();
    require(fits.has_value(), "the image fits");
    for (Position at = survey.tail; at < survey.appended; ++at) {
        places_.push_back(identity.ring.offset + at % identity.ring_entries * 64);
    }
    for (std::uint32_t id = 0; id < survey.records.size() && id < 20; ++id) {
        places_.push_back(identity.slots.offset + id * sizeof(shm::Slot));
    }
    for (Offset span = 0; span < 24; ++span) {
        places_.push_back(identity.spans.offset + span * sizeof(shm::SpanEntry));
    }
    for (std::uint32_t id = 0; id < survey.records.size(); ++id) {
        places_.push_back(view.slot(RecordId{id}).newest);
    }
    for (const auto& block : survey.replaced) places_.push_back(block.offset);
    for (std::uint64_t place = 0; place < survey.table.entries(); ++place) {
        const Offset entry = survey.table.offset() + place * sizeof(shm::Word);
        if (*view.at<shm::Word>(entry) != shm::free_entry) places_.push_back(entry);
    }
    places_.push_back(survey.table.offset());
    places_.push_back(identity.sessions.offset);
    places_.push_back(identity.heap.offset);
    add_index(view, view.header().root.index);
}

void SegmentImage::add_index(const shm::SegmentView& view, Offset node) {
    places_.push_back(node);
    const auto header = shm::index::header_at(view, node);
    if (header.level == 0) return;
    for (const shm::Word& child : shm::index::Inner(view, node, header).children()) {
        add_index(view, child);
    }
}

void edit(const shm::SegmentView& view, const std::vector<Offset>& places, Input& input) {
    constexpr int edits_max = 8;
    static const bool explains = std::getenv("RINGSIDE_FUZZ_EXPLAIN") != nullptr;
    for (int edits = 0; edits < edits_max && !input.empty(); ++edits) {
        const unsigned kind = input.number();
        const Offset place = places[input.number<std::uint16_t>() % places.size()];
        const Offset at = place + input.number();
        std::byte* to = view.base() + std::min(at, view.size_bytes() - 64);
        std::uint64_t word = 0;
        std::memcpy(&word, to, sizeof word);
        const auto other = [&] { return places[input.number<std::uint16_t>() % places.size()]; };
        switch (kind % 7) {
            case 0: word = (word & ~0xFFULL) | input.number(); break;
            case 1: word = (word & ~0xFFFFFFFFULL) | input.number<std::uint32_t>(); break;
            case 2: word = input.number<std::uint64_t>(); break;
            case 3: word += static_cast<std::uint64_t>(input.number<std::int8_t>()); break;
            case 4: word = other(); break;
            case 5: word = (word & ~shm::offset_mask) | other(); break;
            default: {
                const Offset from = other();
                if (explains) std::fprintf(stderr, "%#lx: 64 bytes of %#lx\n", at, from);
                std::memmove(to, view.base() + from, 64);
                continue;
            }
        }
        if (explains) std::fprintf(stderr, "%#lx: word %#lx\n", at, word);
        std::memcpy(to, &word, sizeof word);
    }
}

}  // namespace ringside::fuzz
