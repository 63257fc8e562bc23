#include "shm/document/value.hpp"

#include <algorithm>
#include <bit>
#include <string>
#include <type_traits>

#include "shm/base/limits.hpp"
#include "shm/document/patch_budget.hpp"
#include "shm/document/pointer.hpp"
#include "shm/document/stored_key.hpp"

namespace ringside {

int Value::compare_slowly(const Byte* key, const Probe& probe) const noexcept {
    const auto room = static_cast<std::size_t>(end() - key);
    const int order = std::memcmp(key, probe.data, std::min(room, probe.size));
    if (order != 0) return order;
    if (room <= probe.size) return -1;  // runs beyond the document: not a key
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
    // On the stack, because a lookup must not fail for lack of memory.
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

std::optional<Value> Value::find(const JsonPointer& pointer) const noexcept {
    Value value = *this;
    for (const std::string& token : pointer.tokens()) {
        if (value.is_object()) {
            value = value[token];
        } else if (value.is_array()) {
            const auto index = JsonPointer::array_index(token, value.size());
            value = index ? value[*index] : Value();
        } else {
            return std::nullopt;
        }
        if (!value.exists()) return std::nullopt;
    }
    return value.exists() ? std::optional(value) : std::nullopt;
}

namespace {

/// Exact: no rounding is done for the comparison.
template <class Integer>
bool is_integer_equal(Integer integer, double real) noexcept {
    constexpr double end = std::is_signed_v<Integer> ? 0x1p63 : 0x1p64;
    constexpr double begin = std::is_signed_v<Integer> ? -0x1p63 : 0;
    if (!(real >= begin && real < end)) return false;
    const auto whole = static_cast<Integer>(real);
    return whole == integer && static_cast<double>(whole) == real;
}

bool is_number_equal(const Value& a, const Value& b) noexcept {
    if (a.is_real() && b.is_real()) return a.as_double() == b.as_double();
    if (a.is_real()) return is_number_equal(b, a);
    if (b.is_real()) {
        const double real = b.as_double().value_or(0);
        const auto narrow = a.as_int64();
        return narrow ? is_integer_equal(*narrow, real)
                      : is_integer_equal(a.as_uint64().value_or(0), real);
    }
    return a.type() == b.type() && a.as_int64() == b.as_int64() && a.as_uint64() == b.as_uint64();
}

/// Returns whether both have the same type, value and sign of zero.
bool is_number_same(const Value& a, const Value& b) noexcept {
    if (a.type() != b.type()) return false;
    if (!a.is_real()) return is_number_equal(a, b);
    return std::bit_cast<std::uint64_t>(a.as_double().value_or(0)) ==
           std::bit_cast<std::uint64_t>(b.as_double().value_or(0));
}

/// Malformed bytes may share values or have cycles: the steps bound the comparison as a whole.
class Comparison {
public:
    using Numbers = bool (*)(const Value& a, const Value& b) noexcept;
    Comparison(Numbers numbers, std::uint64_t steps) noexcept
        : numbers_(numbers), steps_left_(steps) {}

    [[nodiscard]] bool is_same(const Value& a, const Value& b, std::size_t depth) noexcept {
        if (!spend(1)) return false;
        if (a.is_number() && b.is_number()) return numbers_(a, b);
        if (a.type() != b.type() || a.size() != b.size()) return false;
        switch (a.type()) {
            case ValueType::null: return true;
            case ValueType::boolean: return a.as_bool() == b.as_bool();
            case ValueType::string: return is_text_same(a, b);
            case ValueType::array: return depth < depth_max && are_elements_same(a, b, depth);
            case ValueType::object: return depth < depth_max && are_members_same(a, b, depth);
            default: return false;
        }
    }
    [[nodiscard]] std::uint64_t steps_left() const noexcept { return steps_left_; }

private:
    static constexpr std::size_t depth_max = limits::envelope_depth_max;

    [[nodiscard]] bool spend(std::uint64_t steps) noexcept {
        const bool is_left = steps <= steps_left_;
        steps_left_ = is_left ? steps_left_ - steps : 0;
        return is_left;
    }
    [[nodiscard]] bool is_text_same(const Value& a, const Value& b) noexcept {
        return spend(a.size() / PatchBudget::string_bytes_per_step) &&
               a.as_string() == b.as_string();
    }
    [[nodiscard]] bool are_elements_same(const Value& a, const Value& b,
                                         std::size_t depth) noexcept {
        auto other = b.elements().begin();
        for (const Value element : a.elements()) {
            if (!is_same(element, *other, depth + 1)) return false;
            ++other;
        }
        return true;
    }
    [[nodiscard]] bool are_members_same(const Value& a, const Value& b,
                                        std::size_t depth) noexcept {
        auto other = b.members().begin();
        for (const auto& [key, value] : a.members()) {
            const Value::Member theirs = *other;
            if (key != theirs.key || !is_same(value, theirs.value, depth + 1)) return false;
            ++other;
        }
        return true;
    }

    Numbers numbers_;
    std::uint64_t steps_left_;
};

}  // namespace

bool Value::is_same(const Value& other) const noexcept {
    Comparison comparison(is_number_same, limits::document_bytes_max);
    return comparison.is_same(*this, other, 0);
}

bool Value::is_equal(const Value& other, std::uint64_t& steps_left) const noexcept {
    Comparison comparison(is_number_equal, steps_left);
    const bool is_equal = comparison.is_same(*this, other, 0);
    steps_left = comparison.steps_left();
    return is_equal;
}

bool Value::is_equal(const Value& other) const noexcept {
    std::uint64_t steps = limits::document_bytes_max;
    return is_equal(other, steps);
}

}  // namespace ringside
