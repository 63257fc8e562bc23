#include "watch_filter.hpp"

#include "shm/name/system_name.hpp"
#include "shm/table/record_table.hpp"
#include "shm/version/visibility.hpp"

namespace ringside {

using shm::Change;
using shm::ChangeKind;
using shm::VersionBlock;

namespace {

/// Returns nothing if the watch does not deliver providers, or if the pattern is too long.
std::optional<Pattern> provided_by(const Pattern& pattern, WatchFor what) {
    if (!includes(what, WatchFor::providers)) return std::nullopt;
    auto parsed = Pattern::parse(system_name::provided(pattern.text()));
    if (!parsed) return std::nullopt;
    return *std::move(parsed);
}

std::uint32_t hash_of(const shm::SegmentView& segment, const Pattern& pattern) {
    return static_cast<std::uint32_t>(shm::RecordTableReader(segment).hash(pattern.text()));
}

std::uint32_t subjects_of(const Pattern& pattern, std::uint32_t literal_hash) {
    if (pattern.is_literal()) return shm::name_bit(literal_hash);
    if (const auto level = pattern.literal_first_level()) return shm::first_level_bit(*level);
    return shm::every_subject;
}

WatchKind plain_kind(ChangeKind kind) noexcept {
    switch (kind) {
        case ChangeKind::put: return WatchKind::put;
        case ChangeKind::patch: return WatchKind::patch;
        case ChangeKind::remove: return WatchKind::remove;
        case ChangeKind::expire: return WatchKind::expire;
        case ChangeKind::event: break;
    }
    return WatchKind::event;
}

}  // namespace

WatchFilter::WatchFilter(Pattern pattern, JsonPointer pointer, const WatchOptions& options)
    : pattern_(std::move(pattern)),
      provided_(provided_by(pattern_, options.what)),
      pointer_(std::move(pointer)),
      what_(options.what),
      mode_(options.mode) {}

void WatchFilter::attach(const shm::SegmentView& segment) {
    segment_ = segment;
    subjects_ = 0;
    literal_hash_ = hash_of(segment, pattern_);
    if (delivers(WatchFor::changes) || delivers(WatchFor::events)) {
        subjects_ |= subjects_of(pattern_, literal_hash_);
    }
    if (provided_) {
        provided_hash_ = hash_of(segment, *provided_);
        subjects_ |= subjects_of(*provided_, provided_hash_);
    }
    // A watch that can deliver nothing sleeps on every subject, because a mask must not be empty.
    if (subjects_ == 0) subjects_ = shm::every_subject;
}

bool WatchFilter::may_pass(const Change& change) const noexcept {
    if (change.kind == ChangeKind::event && !delivers(WatchFor::events)) return false;
    if (!pattern_.is_literal()) return true;
    return change.name_hash == literal_hash_ || (provided_ && change.name_hash == provided_hash_);
}

std::optional<WatchKind> WatchFilter::kind_of(const Change& change, Revision at) const {
    const VersionBlock& version = *segment_.version_at(change.version);
    const std::string_view name = version.name();
    if (change.kind == ChangeKind::event) {
        return pattern_.matches(name) ? std::optional(WatchKind::event) : std::nullopt;
    }
    if (delivers(WatchFor::changes) && pattern_.matches(name)) {
        if (pointer() != nullptr && !affects(change, pointer_)) return std::nullopt;
        // With a pointer nothing is merged: the last of several changes might not affect the value.
        if (pointer() == nullptr && is_folded(change, version, at)) return std::nullopt;
        return plain_kind(change.kind);
    }
    if (!provided_ || !provided_->matches(name) || is_folded(change, version, at)) {
        return std::nullopt;
    }
    return version.is_tombstone() ? WatchKind::unprovided : WatchKind::provided;
}

/// Returns whether a later change of the record up to `at` has a separate entry, which will deliver
/// it.
bool WatchFilter::is_folded(const Change& change, const VersionBlock& version,
                            Revision at) const noexcept {
    if (mode_ == WatchMode::every) return false;
    return shm::visible_version(segment_, shm::newest_of(segment_, change.record), at) != &version;
}

bool WatchFilter::affects(const Change& change, const JsonPointer& pointer) const {
    if (change.kind == ChangeKind::event) return true;
    const VersionBlock& version = *segment_.version_at(change.version);
    if (change.path != 0) {
        const auto path = JsonPointer::parse(segment_.at<shm::PathBlock>(change.path)->text());
        if (path && !path->affects(pointer)) return false;
    }
    const auto value_in = [&](const VersionBlock* block) -> std::optional<Value> {
        if (block == nullptr || block->is_tombstone()) return std::nullopt;
        return Value::of(block->document(), &segment_.pages()).find(pointer);
    };
    const VersionBlock* before =
        version.previous() == 0 ? nullptr : segment_.version_at(version.previous());
    const auto old_value = value_in(before);
    const auto new_value = value_in(&version);
    if (old_value.has_value() != new_value.has_value()) return true;
    return new_value.has_value() && !new_value->is_same(*old_value);
}

RecordView WatchFilter::subject_of(const RecordView& provided) noexcept {
    const auto subject = system_name::subject_of(provided.name());
    return {subject.value_or(provided.name()),
            {},
            nullptr,
            provided.version(),
            provided.revision(),
            provided.updated_ns(),
            0};
}

}  // namespace ringside
