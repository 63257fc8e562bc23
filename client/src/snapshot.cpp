#include "ringside/snapshot.hpp"

#include "client_impl.hpp"
#include "scan.hpp"
#include "shm/name/name.hpp"
#include "snapshot_impl.hpp"

namespace ringside {

Result<Snapshot> Client::snapshot(SnapshotOptions options) const {
    for (;;) {
        auto attachment = impl_->attachment();
        if (!attachment) return attachment.error();
        auto slot = detail::PinSlotHolder::take(*attachment);
        if (!slot) return slot.error();
        slot->set_lease(options.lease);
        while (!(*attachment)->is_grid_over()) {
            const Revision newest = (*attachment)->published();
            const Revision wanted = options.revision.value_or(newest);
            if (wanted > newest) {
                return Error(Errc::future_revision,
                             "the newest revision is " + std::to_string(newest));
            }
            if (slot->pin(wanted)) {
                // The pin has an effect only if the broker knows the session.
                if (!(*attachment)->follow()) break;
                return Snapshot(std::make_unique<Snapshot::Impl>(std::move(*slot), wanted));
            }
            if (options.revision) {
                return Error(Errc::compacted, "revision " + std::to_string(wanted));
            }
        }
        (*attachment)->check_lost();
    }
}

Snapshot::Snapshot(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Snapshot::Snapshot(Snapshot&&) noexcept = default;
Snapshot& Snapshot::operator=(Snapshot&&) noexcept = default;
Snapshot::~Snapshot() = default;

Revision Snapshot::revision() const noexcept { return impl_->revision; }

Result<RecordView> Snapshot::get(std::string_view name) const {
    if (auto checked = impl_->check(); !checked) return checked.error();
    const shm::SegmentView& segment = impl_->segment();
    const shm::RecordTableReader table(segment);
    const auto* version =
        shm::visible_record(segment, table.find(name, table.hash(name)), impl_->revision);
    const RecordView view = version == nullptr ? RecordView() : detail::view_of(segment, *version);
    if (auto checked = impl_->check(); !checked) return checked.error();
    if (version != nullptr) return view;
    if (auto checked = check_name(name); !checked) return checked.error();
    return Error(Errc::not_found, std::string(name));
}

Result<void> Snapshot::get_many(
    std::span<const std::string_view> names,
    const std::function<void(std::size_t, const RecordView*)>& each) const {
    if (auto checked = impl_->check(); !checked) return checked;
    read_many(impl_->segment(), impl_->revision, names, each);
    return impl_->check();
}

Result<void> Snapshot::scan(std::string_view pattern,
                            const std::function<bool(const RecordView&)>& each) const {
    auto records = cursor(pattern);
    if (!records) return records.error();
    for (;;) {
        const auto batch = records->next();
        if (!batch) return batch.error();
        if (batch->empty()) return {};
        for (const RecordView& record : *batch) {
            if (!each(record)) return impl_->check();
        }
    }
}

Result<void> Snapshot::scan_prefix(
    std::string_view prefix, const std::function<bool(std::span<const RecordView>)>& each) const {
    if (auto checked = impl_->check(); !checked) return checked;
    detail::Scan scan(impl_->segment(), impl_->revision, std::string(prefix));
    for (auto batch = scan.next(); !batch.empty() && each(batch); batch = scan.next()) {
        if (auto checked = impl_->check(); !checked) return checked;
    }
    return impl_->check();
}

RecordHandle Snapshot::handle(const RecordView& record) const noexcept {
    if (record.name().empty()) return RecordHandle{0};
    const auto* name = reinterpret_cast<const Byte*>(record.name().data());
    return RecordHandle{impl_->segment().offset_of(
        name - shm::VersionBlock::name_offset(record.expires_ms() != 0))};
}

RecordView Snapshot::record(RecordHandle handle) const noexcept {
    const auto offset = static_cast<Offset>(handle);
    const shm::SegmentView& segment = impl_->segment();
    if (offset == 0 || !segment.holds(offset, sizeof(shm::VersionBlock))) return {};
    return detail::view_of(segment, *segment.version_at(offset));
}

void Snapshot::prefetch(RecordHandle handle) const noexcept {
    const auto offset = static_cast<Offset>(handle);
    const shm::SegmentView& segment = impl_->segment();
    if (segment.holds(offset, sizeof(shm::VersionBlock))) {
        shm::RecordTableReader::prefetch_block(segment.version_at(offset));
    }
}

Result<void> Snapshot::check() const { return impl_->check(); }

}  // namespace ringside
