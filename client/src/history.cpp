#include "ringside/history.hpp"

#include <algorithm>
#include <unordered_map>

#include "client_impl.hpp"
#include "pin_slot.hpp"
#include "shm/name/name.hpp"
#include "shm/ring/change_ring.hpp"
#include "shm/table/record_table.hpp"
#include "shm/version/visibility.hpp"
#include "snapshot_impl.hpp"
#include "writer_directory.hpp"

/// How the versions of a record are found. The History pins the oldest revision that readers may
/// pin. So each version that is linked behind the newest one is kept, down to the one that was the
/// newest at the pinned revision. The change ring holds the kind and the writer of each change.
namespace ringside {

namespace {

WatchKind watch_kind_of(shm::ChangeKind kind) noexcept {
    switch (kind) {
        case shm::ChangeKind::put: return WatchKind::put;
        case shm::ChangeKind::patch: return WatchKind::patch;
        case shm::ChangeKind::remove: return WatchKind::remove;
        case shm::ChangeKind::expire: return WatchKind::expire;
        case shm::ChangeKind::event: return WatchKind::event;
    }
    return WatchKind::put;
}

/// Calls `each(change)` for the entries of the ring from a revision on, up to revision `until`. An
/// entry that is overwritten meanwhile is skipped.
template <class Each>
void for_each_change(const shm::SegmentView& segment, Revision from, Revision until, Each each) {
    const shm::ChangeRingReader ring(segment);
    Position at = ring.find(from).value_or(ring.tail());
    const Position end = ring.head();
    while (at < end) {
        const auto change = ring.read(at);
        if (!change) {
            if (ring.tail() <= at) return;  // never published
            at = ring.tail();
            continue;
        }
        if (change->revision > until) return;
        each(*change);
        ++at;
    }
}

/// Returns the version that this one replaced. Returns null if there is none, or if the link cannot
/// be right: a reader whose pin was revoked may meet reused memory.
const shm::VersionBlock* replaced_by(const shm::SegmentView& segment,
                                     const shm::VersionBlock& version) noexcept {
    const Offset previous = version.previous();
    if (previous == 0 || !segment.holds(previous, sizeof(shm::VersionBlock))) return nullptr;
    const shm::VersionBlock* older = segment.version_at(previous);
    return older->revision > version.revision ? nullptr : older;
}

}  // namespace

class History::Impl {
public:
    Impl(detail::PinSlotHolder slot, Revision pinned, Revision newest)
        : pin(std::move(slot)), oldest(pinned), until(newest), writers(segment(), newest) {}

    [[nodiscard]] const shm::SegmentView& segment() const noexcept {
        return pin.attachment().segment();
    }
    [[nodiscard]] Result<void> check() const {
        static_cast<void>(pin.attachment().follow());
        if (!pin.is_revoked(oldest)) return {};
        return pin.attachment().is_offline() ? pin.attachment().loss()
                                             : Error(Errc::snapshot_expired);
    }

    void collect(std::string_view name, std::size_t versions_max) {
        const shm::RecordTableReader table(segment());
        const auto* version =
            shm::visible_version(segment(), table.find(name, table.hash(name)), until);
        // Revisions fall from version to version, except for the changes of one commit.
        std::uint64_t same_revision = 0;
        const std::uint64_t commit_max =
            segment().identity().ring_entries / limits::ring_share_per_transaction;
        for (; version != nullptr; version = replaced_by(segment(), *version)) {
            const bool is_same = !all.empty() && all.back().record.revision() == version->revision;
            same_revision = is_same ? same_revision + 1 : 0;
            if (same_revision > commit_max) break;
            // A commit that was refused may leave the tombstone of a record that never existed. A
            // deletion at the pinned revision or before is not retained.
            const bool is_before = version->revision <= oldest;
            if (version->is_tombstone() && (version->previous() == 0 || is_before)) break;
            has_more = versions_max != 0 && all.size() == versions_max;
            if (has_more) break;
            all.push_back({.record = detail::view_of(segment(), *version)});
            place_of[segment().offset_of(version)] = all.size() - 1;
            if (is_before) break;
        }
    }

    void add_changes() {
        if (all.empty()) return;
        const Revision from = std::max(all.back().record.revision(), oldest + 1);
        for_each_change(segment(), from, until, [this](const shm::Change& change) {
            const auto place = place_of.find(change.version);
            if (place == place_of.end() || change.record == shm::no_record) return;
            HistoryVersion& version = all[place->second];
            version.kind = watch_kind_of(change.kind);
            version.position = change.position;
            version.writer = writers.find(change.session);
        });
    }

    detail::PinSlotHolder pin;
    Revision oldest;  ///< pinned
    Revision until;
    bool has_more = false;
    std::vector<HistoryVersion> all;
    std::unordered_map<Offset, std::size_t> place_of;
    detail::WriterDirectory writers;
};

Result<History> Client::history(std::string_view name, HistoryOptions options) const {
    for (;;) {
        auto attachment = impl_->attachment();
        if (!attachment) return attachment.error();
        auto slot = detail::PinSlotHolder::take(*attachment);
        if (!slot) return slot.error();
        slot->set_lease(options.lease);
        while (!(*attachment)->is_grid_over()) {
            const Revision newest = (*attachment)->published();
            // A candidate only: pinning it fails if the horizon has passed it.
            const Revision horizon =
                (*attachment)->segment().header().horizon.horizon.load(std::memory_order_relaxed);
            const Revision oldest = std::min(horizon, newest);
            if (!slot->pin(oldest)) continue;
            if (!(*attachment)->follow()) break;
            auto made = std::make_unique<History::Impl>(std::move(*slot), oldest, newest);
            made->collect(name, options.versions_max);
            made->add_changes();
            if (auto checked = made->check(); !checked) return checked.error();
            if (!made->all.empty()) return History(std::move(made));
            if (auto checked = check_name(name); !checked) return checked.error();
            return Error(Errc::not_found, "no version of '" + std::string(name) +
                                              "' is retained; history before revision " +
                                              std::to_string(oldest) + " is not known");
        }
        (*attachment)->check_lost();
    }
}

History::History(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
History::History(History&&) noexcept = default;
History& History::operator=(History&&) noexcept = default;
History::~History() = default;

const std::vector<HistoryVersion>& History::versions() const noexcept { return impl_->all; }
bool History::has_more() const noexcept { return impl_->has_more; }
Revision History::revision() const noexcept { return impl_->until; }
Revision History::retained_from() const noexcept { return impl_->oldest; }
Revision History::began_at() const noexcept {
    return impl_->segment().header().tail.base.load(std::memory_order_relaxed);
}
Result<void> History::check() const { return impl_->check(); }

class RecordWriters::Impl {
public:
    explicit Impl(const Snapshot::Impl& snapshot)
        : segment(snapshot.segment()), writers(segment, snapshot.revision) {
        for_each_change(segment, 0, snapshot.revision, [this](const shm::Change& change) {
            session_of[change.version] = change.session;
        });
    }

    shm::SegmentView segment;
    detail::WriterDirectory writers;
    std::unordered_map<Offset, SessionId> session_of;  ///< by the block of the version
};

Result<RecordWriters> Client::record_writers(const Snapshot& snapshot) const {
    auto made = std::make_unique<RecordWriters::Impl>(*snapshot.impl_);
    if (auto checked = snapshot.check(); !checked) return checked.error();
    return RecordWriters(std::move(made));
}

RecordWriters::RecordWriters(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RecordWriters::RecordWriters(RecordWriters&&) noexcept = default;
RecordWriters& RecordWriters::operator=(RecordWriters&&) noexcept = default;
RecordWriters::~RecordWriters() = default;

const Writer* RecordWriters::writer_of(const RecordView& record) {
    if (record.name().empty()) return nullptr;
    const auto* name = reinterpret_cast<const Byte*>(record.name().data());
    const auto session = impl_->session_of.find(
        impl_->segment.offset_of(name - shm::VersionBlock::name_offset(record.expires_ms() != 0)));
    return session == impl_->session_of.end() ? nullptr : &impl_->writers.find(session->second);
}

Result<Writer> Client::writer(SessionId session) const {
    const auto now = snapshot();
    if (!now) return now.error();
    detail::WriterDirectory writers(now->impl_->segment(), now->revision());
    Writer found = writers.find(session);
    if (auto checked = now->check(); !checked) return checked.error();
    return found;
}

}  // namespace ringside
