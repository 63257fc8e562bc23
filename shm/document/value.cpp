#include "shm/document/value.hpp"

#include <algorithm>
#include <string>

#include "shm/base/limits.hpp"
#include "shm/document/pointer.hpp"
#include "shm/document/stored_key.hpp"

namespace ringside {

int Value::compare_slowly(const Byte* key, const Probe& probe) const noexcept {
    const auto room = static_cast<std::size_t>(end() - key);
    const int order = std::memcmp(key, probe.data, std::min(room, probe.size));
    if (order != 0) return order;
    if (room <= probe.size) return -1;  // runs out of the document: no key at all
    return key[probe.size];
}

Value Value::lookup_elsewhere(const Key& key) const noexcept {
    if (!is_object()) return {};
    if (level_ != 0 || key.holds_nul_) {
        return (*this)[std::string_view(key.probe_.data, key.probe_.size)];
    }
    const Keys keys = this->keys(size_);
    if (keys.width == 0) return {};
    const std::size_t place = place_of(keys, key.probe_);
    if (place == size_) return {};
    key.place_ = place;
    return element_of_page(place, size_);
}

Value Value::lookup_with_nul(std::string_view key) const noexcept {
    if (key.size() > limits::key_bytes_max) return {};
    // On the stack, because a lookup does not fail for want of memory.
    char stored[2 * limits::key_bytes_max];
    const std::size_t size = write_stored_key(key, stored);
    return lookup(Probe(std::string_view(stored, size)));
}

std::string_view Value::key_of_page(std::size_t index, std::size_t count) const noexcept {
    const Keys keys = this->keys(count);
    const Byte* first = keys.width == 0 ? nullptr : key_at(keys, index);
    if (first == nullptr) return {};
    const void* nul = std::memchr(first, 0, static_cast<std::size_t>(end() - first));
    if (nul == nullptr) return {};
    const auto size = static_cast<std::size_t>(static_cast<const Byte*>(nul) - first);
    return {reinterpret_cast<const char*>(first), size};
}

std::string_view Value::key(std::size_t index) const noexcept {
    if (!is_object() || index >= size_) return {};
    if (level_ == 0) return key_of_page(index, size_);
    std::size_t before = 0;
    return leaf_at(index, before).key(index - before);
}

Value::Member Value::member(std::size_t index) const noexcept {
    if (!is_object()) return {};
    if (level_ != 0) {
        std::size_t before = 0;
        return leaf_at(index, before).member(index - before);
    }
    return {key(index), element(index)};
}

std::optional<Value> Value::find(const Pointer& pointer) const noexcept {
    Value value = *this;
    for (const std::string& token : pointer.tokens()) {
        if (value.is_object()) {
            value = value[token];
        } else if (value.is_array()) {
            const auto index = Pointer::array_index(token, value.size());
            value = index ? value[*index] : Value();
        } else {
            return std::nullopt;
        }
        if (!value.exists()) return std::nullopt;
    }
    return value.exists() ? std::optional(value) : std::nullopt;
}

namespace {

/// Bytes that are no document may share or loop: `visits` bounds what is compared in all.
bool same(const Value& a, const Value& b, std::size_t depth, std::size_t& visits) noexcept {
    if (a.type() != b.type() || a.size() != b.size() || visits == 0) return false;
    --visits;
    switch (a.type()) {
        case ValueType::null: return true;
        case ValueType::boolean: return a.as_bool() == b.as_bool();
        case ValueType::integer: return a.as_int64() == b.as_int64();
        case ValueType::unsigned_integer: return a.as_uint64() == b.as_uint64();
        case ValueType::real: return a.as_double() == b.as_double();
        case ValueType::string: return a.as_string() == b.as_string();
        default: break;
    }
    if (depth == limits::depth_max) return false;
    if (a.is_array()) {
        auto other = b.elements().begin();
        for (const Value element : a.elements()) {
            if (!same(element, *other, depth + 1, visits)) return false;
            ++other;
        }
        return true;
    }
    auto other = b.members().begin();
    for (const auto& [key, value] : a.members()) {
        const Value::Member theirs = *other;
        if (key != theirs.key || !same(value, theirs.value, depth + 1, visits)) return false;
        ++other;
    }
    return true;
}

}  // namespace

bool Value::is_same(const Value& other) const noexcept {
    std::size_t visits = limits::document_bytes_max;
    return same(*this, other, 0, visits);
}

}  // namespace ringside
