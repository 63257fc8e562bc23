#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace ringside::gateway {

/// A cache of bounded size that evicts the least recently used value.
/// Thread safety: any thread.
template <class Key, class Value, class Hash = std::hash<Key>>
class LruCache {
public:
    /// REQUIRES: entries_max > 0
    explicit LruCache(std::size_t entries_max) : entries_max_(entries_max) {}

    [[nodiscard]] std::optional<Value> find(const Key& key) {
        const std::lock_guard lock(mutex_);
        const auto found = places_.find(key);
        if (found == places_.end()) return std::nullopt;
        entries_.splice(entries_.begin(), entries_, found->second);
        return found->second->second;
    }

    void store(const Key& key, Value value) {
        const std::lock_guard lock(mutex_);
        erase_locked(key);
        if (entries_.size() == entries_max_) {
            places_.erase(entries_.back().first);
            entries_.pop_back();
        }
        entries_.emplace_front(key, std::move(value));
        places_.emplace(key, entries_.begin());
    }

    void erase(const Key& key) {
        const std::lock_guard lock(mutex_);
        erase_locked(key);
    }

    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return entries_.size();
    }

private:
    using Entries = std::list<std::pair<Key, Value>>;

    void erase_locked(const Key& key) {
        const auto found = places_.find(key);
        if (found == places_.end()) return;
        entries_.erase(found->second);
        places_.erase(found);
    }

    const std::size_t entries_max_;
    mutable std::mutex mutex_;
    Entries entries_;  ///< most recently used first
    std::unordered_map<Key, typename Entries::iterator, Hash> places_;
};

}  // namespace ringside::gateway
