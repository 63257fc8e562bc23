#include "group_table.hpp"

#include <boost/container_hash/hash.hpp>

#include "shm/base/limits.hpp"

namespace ringside::query {

GroupTable::GroupTable(std::size_t key_count, std::size_t accumulator_count)
    : key_count_(key_count),
      accumulator_count_(accumulator_count),
      groups_(0, Hash{this}, Equal{this}) {}

std::optional<std::uint32_t> GroupTable::group_of(std::span<const Scalar> keys) {
    if (last_ < size_ && has_keys(last_, keys)) return last_;
    const Probe probe{keys, hash_of(keys)};
    const auto found = groups_.find(probe);
    if (found != groups_.end()) return last_ = *found;
    if (size_ == limits::query_groups_max) return std::nullopt;
    return last_ = add(probe);
}

bool GroupTable::has_keys(std::uint32_t group, std::span<const Scalar> keys) const noexcept {
    const OwnedScalar* own = keys_.data() + group * key_count_;
    for (std::size_t i = 0; i < key_count_; ++i) {
        if (!(own[i].view() == keys[i])) return false;
    }
    return true;
}

std::size_t GroupTable::hash_of(std::span<const Scalar> keys) noexcept {
    std::size_t hash = 0;
    for (const Scalar& key : keys) boost::hash_combine(hash, key.hash());
    return hash;
}

std::uint32_t GroupTable::add(const Probe& probe) {
    bytes_ += key_count_ * sizeof(OwnedScalar) + accumulator_count_ * sizeof(Accumulator) +
              sizeof(std::size_t) + 2 * sizeof(std::uint32_t);
    for (const Scalar& key : probe.keys) {
        keys_.emplace_back(key);
        bytes_ += keys_.back().heap_bytes();
    }
    accumulators_.resize(accumulators_.size() + accumulator_count_);
    hashes_.push_back(probe.hash);
    groups_.insert(size_);
    return size_++;
}

}  // namespace ringside::query
