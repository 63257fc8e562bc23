#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "shm/document/builder.hpp"
#include "shm/document/flex.hpp"

namespace ringside {

namespace {

constexpr std::size_t small_object = 24;  ///< up to this size, insertion sort is faster

}  // namespace

Byte* DocumentBuilder::reserve(std::size_t bytes) {
    if (buffer_.size() - size_ < bytes) buffer_.resize(std::max(2 * buffer_.size(), size_ + bytes));
    return buffer_.data() + size_;
}

/// Writes the key, or finds an earlier copy of it.
DocumentBuilder::KeySlot DocumentBuilder::write_key(std::string_view key) {
    const std::uint64_t prefix = flex::key_prefix(key.data(), key.size());
    const std::uint64_t tail =
        key.size() > 8 ? flex::key_prefix(key.data() + key.size() - 8, 8) : prefix;
    const std::uint64_t mixed = (prefix ^ std::rotl(tail, 29) ^ key.size()) * 0x9E37'79B9'7F4A'7C15;
    CachedKey& cached = key_cache_[mixed >> (64 - 7)];
    static_assert(std::tuple_size_v<decltype(key_cache_)> == 1 << 7);
    if (cached.epoch == epoch_ && cached.key.prefix == prefix && cached.key.size == key.size() &&
        (key.size() <= 8 || std::memcmp(buffer_.data() + cached.key.position + 8, key.data() + 8,
                                        key.size() - 8) == 0)) {
        return cached.key;
    }
    Byte* at = reserve(key.size() + 1);
    if (!key.empty()) std::memcpy(at, key.data(), key.size());
    at[key.size()] = 0;
    const KeySlot slot{prefix, static_cast<std::uint32_t>(size_),
                       static_cast<std::uint32_t>(key.size())};
    size_ += key.size() + 1;
    if (key.size() <= shared_key_bytes_max) cached = {epoch_, slot};
    return slot;
}

bool DocumentBuilder::key_less(const KeySlot& a, const KeySlot& b) const noexcept {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    // Stored keys have no NUL, so equal prefixes mean that both have eight bytes or are equal.
    if (a.size < 8 || b.size < 8 || a.position == b.position) return false;
    const std::size_t common = std::min(a.size, b.size) - 8;
    const int order =
        std::memcmp(buffer_.data() + a.position + 8, buffer_.data() + b.position + 8, common);
    return order != 0 ? order < 0 : a.size < b.size;
}

/// Sorts the members of an object by key. Returns false if two keys are equal.
bool DocumentBuilder::sort_members(std::size_t first_slot, std::size_t first_key) {
    KeySlot* keys = keys_.data() + first_key;
    Slot* slots = slots_.data() + first_slot;
    const std::size_t count = keys_.size() - first_key;
    std::size_t sorted = 1;
    while (sorted < count && key_less(keys[sorted - 1], keys[sorted])) ++sorted;
    if (sorted >= count) return true;

    if (count <= small_object) {
        for (std::size_t i = sorted; i < count; ++i) {
            const KeySlot key = keys[i];
            const Slot slot = slots[i];
            std::size_t j = i;
            for (; j > 0 && key_less(key, keys[j - 1]); --j) {
                keys[j] = keys[j - 1];
                slots[j] = slots[j - 1];
            }
            keys[j] = key;
            slots[j] = slot;
        }
    } else {
        members_.clear();
        for (std::size_t i = 0; i < count; ++i) members_.push_back({keys[i], slots[i]});
        std::sort(members_.begin(), members_.end(),
                  [this](const Member& a, const Member& b) { return key_less(a.key, b.key); });
        for (std::size_t i = 0; i < count; ++i) {
            keys[i] = members_[i].key;
            slots[i] = members_[i].slot;
        }
    }
    for (std::size_t i = 1; i < count; ++i) {
        if (!key_less(keys[i - 1], keys[i])) return false;
    }
    return true;
}

/// Writes the vector of keys from `first_key` on, or finds an earlier copy of it.
DocumentBuilder::CachedKeys DocumentBuilder::key_vector(std::size_t first_key) {
    const KeySlot* keys = keys_.data() + first_key;
    const std::size_t count = keys_.size() - first_key;
    std::uint64_t mixed = count;
    for (std::size_t i = 0; i < count; ++i) {
        mixed = (mixed ^ keys[i].position) * 0x9E37'79B9'7F4A'7C15;
    }
    CachedKeys& cached = keys_cache_[mixed >> (64 - 4)];
    static_assert(std::tuple_size_v<decltype(keys_cache_)> == 1 << 4);
    if (cached.epoch == epoch_ && cached.count == count) {
        const std::uint32_t* known = known_positions_.data() + cached.first_position;
        const bool is_same = std::equal(keys, keys + count, known, [](const KeySlot& key, auto at) {
            return key.position == at;
        });
        if (is_same) return cached;
    }

    std::uint32_t lowest = UINT32_MAX;
    for (std::size_t i = 0; i < count; ++i) lowest = std::min(lowest, keys[i].position);
    std::uint8_t width_log2 = flex::width_of(count);
    std::size_t width = 0;
    std::size_t start = 0;
    for (;; ++width_log2) {
        width = std::size_t{1} << width_log2;
        start = size_ + flex::padding(size_, width) + width;
        if (count == 0 || flex::width_of(start + count * width - lowest) <= width_log2) break;
    }
    align(width);
    Byte* at = reserve((count + 1) * width);
    flex::store_width(at, count, width);
    for (std::size_t i = 0; i < count; ++i) {
        flex::store_width(at + (i + 1) * width, start + i * width - keys[i].position, width);
    }
    size_ += (count + 1) * width;

    cached = {epoch_, static_cast<std::uint32_t>(known_positions_.size()),
              static_cast<std::uint32_t>(count), static_cast<std::uint32_t>(start), width_log2};
    for (std::size_t i = 0; i < count; ++i) known_positions_.push_back(keys[i].position);
    return cached;
}

void DocumentBuilder::align(std::size_t width) {
    const std::size_t pad = flex::padding(size_, width);
    Byte* at = reserve(pad);
    if (pad != 0) std::memset(at, 0, pad);
    size_ += pad;
}

/// Bits of a number in a field of `width` bytes, which must be wide enough.
inline std::uint64_t DocumentBuilder::number_bits(const Slot& slot, std::size_t width) noexcept {
    if (width == 8 || slot.type != flex::type_float) return slot.bits;
    const auto single = static_cast<float>(std::bit_cast<double>(slot.bits));
    return std::bit_cast<std::uint32_t>(single);
}

/// A container is at least as wide as its offsets require. It is either as wide as its widest
/// number, or narrower with the wider numbers outside. The variant that ends first is used.
DocumentBuilder::Layout DocumentBuilder::lay_out(std::size_t first_slot,
                                                 const CachedKeys* keys) const noexcept {
    const std::size_t count = slots_.size() - first_slot;
    const std::size_t header_fields = keys != nullptr ? 3 : 1;
    std::array<std::size_t, 4> numbers{};  // by width; in the container or outside of it
    std::uint64_t lowest = keys != nullptr ? keys->vector : UINT64_MAX;  // lowest pointer target
    for (std::size_t i = first_slot; i < slots_.size(); ++i) {
        if (flex::is_inline(slots_[i].type)) {
            ++numbers[slots_[i].width_log2];
        } else {
            lowest = std::min(lowest, slots_[i].bits);
        }
    }

    Layout best{};
    std::size_t best_end = SIZE_MAX;
    std::size_t beside = size_;  // end of the numbers that are wider than the candidate width
    for (std::uint8_t log2 = 4; log2-- > flex::width_of(count);) {
        const std::size_t width = std::size_t{1} << log2;
        const std::size_t start = beside + flex::padding(beside, width) + header_fields * width;
        const std::size_t end = start + count * (width + 1);
        const bool points = lowest != UINT64_MAX;
        const bool reaches = !points || flex::width_of(start + count * width - lowest) <= log2;
        if (reaches && end < best_end) {
            best = {start, log2};
            best_end = end;
        }
        if (numbers[log2] == 0) continue;
        const std::size_t first = beside + flex::padding(beside, width);
        lowest = std::min<std::uint64_t>(lowest, first);
        beside = first + numbers[log2] * width;
    }
    return best;
}

/// Writes the numbers that are wider than their container in front of it, widest first.
void DocumentBuilder::write_indirect(std::size_t first_slot, std::uint8_t width_log2) {
    for (std::uint8_t log2 = 3; log2 > width_log2; --log2) {
        const std::size_t width = std::size_t{1} << log2;
        for (std::size_t i = first_slot; i < slots_.size(); ++i) {
            Slot& slot = slots_[i];
            if (!flex::is_inline(slot.type) || slot.width_log2 != log2) continue;
            align(width);
            flex::store_width(reserve(width), number_bits(slot, width), width);
            slot = {size_, flex::indirect(slot.type), log2};
            size_ += width;
        }
    }
}

/// Writes the container of the slots from `first_slot` on; a map if there are `keys`.
DocumentBuilder::Slot DocumentBuilder::write_container(std::size_t first_slot,
                                                       const CachedKeys* keys) {
    const auto [start, width_log2] = lay_out(first_slot, keys);
    write_indirect(first_slot, width_log2);
    const Slot* slots = slots_.data() + first_slot;
    const std::size_t count = slots_.size() - first_slot;
    const std::size_t header_fields = keys != nullptr ? 3 : 1;
    const std::size_t width = std::size_t{1} << width_log2;

    align(width);
    Byte* at = reserve((header_fields + count) * width + count);
    if (keys != nullptr) {
        flex::store_width(at, size_ - keys->vector, width);
        flex::store_width(at + width, std::uint64_t{1} << keys->width_log2, width);
        at += 2 * width;
    }
    flex::store_width(at, count, width);
    at += width;
    switch (width_log2) {
        case 0: write_elements<std::uint8_t>(slots, count, start, at); break;
        case 1: write_elements<std::uint16_t>(slots, count, start, at); break;
        case 2: write_elements<std::uint32_t>(slots, count, start, at); break;
        default: write_elements<std::uint64_t>(slots, count, start, at); break;
    }
    size_ = start + count * (width + 1);
    return {start, keys != nullptr ? flex::type_map : flex::type_vector, width_log2};
}

/// Writes the elements, then their type bytes, at the position `start`.
template <class Field>
void DocumentBuilder::write_elements(const Slot* slots, std::size_t count, std::size_t start,
                                     Byte* at) noexcept {
    constexpr std::size_t width = sizeof(Field);
    constexpr auto width_log2 = static_cast<std::uint8_t>(std::countr_zero(width));
    Byte* types = at + count * width;
    for (std::size_t i = 0; i < count; ++i) {
        const Slot& slot = slots[i];
        const bool is_inline = flex::is_inline(slot.type);
        flex::store<Field>(at + i * width,
                           is_inline ? number_bits(slot, width) : start + i * width - slot.bits);
        types[i] = flex::type_byte(slot.type, is_inline ? width_log2 : slot.width_log2);
    }
}

/// Writes the value of the root, its type byte and its width.
void DocumentBuilder::write_root() {
    const Slot& root = slots_.front();
    std::uint8_t width_log2 = flex::is_inline(root.type) ? root.width_log2 : std::uint8_t{0};
    while (!flex::is_inline(root.type)) {
        const std::size_t candidate = std::size_t{1} << width_log2;
        if (flex::width_of(size_ + flex::padding(size_, candidate) - root.bits) <= width_log2)
            break;
        ++width_log2;
    }
    const std::size_t width = std::size_t{1} << width_log2;
    align(width);
    Byte* at = reserve(width + 2);
    switch (width_log2) {
        case 0: write_elements<std::uint8_t>(&root, 1, size_, at); break;
        case 1: write_elements<std::uint16_t>(&root, 1, size_, at); break;
        case 2: write_elements<std::uint32_t>(&root, 1, size_, at); break;
        default: write_elements<std::uint64_t>(&root, 1, size_, at); break;
    }
    at[width + 1] = static_cast<Byte>(width);
    size_ += width + 2;
}

}  // namespace ringside
