#include "shm/document/builder.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "shm/base/limits.hpp"
#include "shm/base/utf8.hpp"
#include "shm/document/flex.hpp"
#include "shm/document/stored_key.hpp"

namespace ringside {

namespace {

constexpr std::size_t small_object = 24;  ///< up to here insertion beats a sort with scratch

/// log2 of the least width, in bytes, that holds an unsigned number.
constexpr std::uint8_t width_of(std::uint64_t value) noexcept {
    if (value <= UINT8_MAX) return 0;
    if (value <= UINT16_MAX) return 1;
    return value <= UINT32_MAX ? 2 : 3;
}

constexpr std::uint8_t width_of_signed(std::int64_t value) noexcept {
    const auto bits = static_cast<std::uint64_t>(value);
    return width_of((value < 0 ? ~bits : bits) << 1);
}

constexpr bool is_inline(std::uint8_t type) noexcept {
    return type <= flex::type_float || type == flex::type_bool;
}

constexpr Byte type_byte(std::uint8_t type, std::uint8_t width_log2) noexcept {
    return static_cast<Byte>(type << 2 | width_log2);
}

template <class Field>
void store(Byte* at, std::uint64_t value) noexcept {
    const auto field = static_cast<Field>(value);
    std::memcpy(at, &field, sizeof(Field));
}

/// A field of a container, little endian.
void store_width(Byte* at, std::uint64_t value, std::size_t width) noexcept {
    switch (width) {
        case 1: return store<std::uint8_t>(at, value);
        case 2: return store<std::uint16_t>(at, value);
        case 4: return store<std::uint32_t>(at, value);
        default: return store<std::uint64_t>(at, value);
    }
}

constexpr std::size_t padding(std::size_t position, std::size_t width) noexcept {
    return (width - position % width) % width;
}

}  // namespace

DocumentBuilder::DocumentBuilder() : buffer_(1024) {
    slots_.reserve(64);
    keys_.reserve(64);
    frames_.reserve(limits::depth_max);
}

void DocumentBuilder::clear() noexcept {
    size_ = 0;
    expanded_ = 0;
    failure_ = Errc::ok;
    finished_ = false;
    slots_.clear();
    keys_.clear();
    frames_.clear();
    known_positions_.clear();
    if (++epoch_ == 0) {  // wrapped round: entries of long ago would look valid
        key_cache_.fill({});
        keys_cache_.fill({});
        epoch_ = 1;
    }
}

Byte* DocumentBuilder::reserve(std::size_t bytes) {
    if (buffer_.size() - size_ < bytes) buffer_.resize(std::max(2 * buffer_.size(), size_ + bytes));
    return buffer_.data() + size_;
}

/// Counts towards the expanded size, which sharing of keys does not make smaller.
bool DocumentBuilder::spend(std::size_t bytes) noexcept {
    expanded_ += bytes;
    if (expanded_ <= limits::document_bytes_max && size_ <= limits::document_bytes_max) return true;
    fail(Errc::document_too_large);
    return false;
}

/// Whether a value may come now: a second root or one without its key may not.
bool DocumentBuilder::expects_value() const noexcept {
    if (frames_.empty()) return slots_.empty();
    const Frame& frame = frames_.back();
    return !frame.is_object ||
           keys_.size() - frame.first_key == slots_.size() - frame.first_slot + 1;
}

void DocumentBuilder::push(std::uint64_t bits, std::uint8_t type, std::uint8_t width_log2) {
    if (failed()) return;
    if (!expects_value()) return fail(Errc::bad_document);
    if (!spend(1)) return;
    slots_.push_back({bits, type, width_log2});
}

void DocumentBuilder::null() { push(0, flex::type_null, 0); }

void DocumentBuilder::boolean(bool value) { push(value ? 1 : 0, flex::type_bool, 0); }

void DocumentBuilder::integer(std::int64_t value) {
    push(static_cast<std::uint64_t>(value), flex::type_int, width_of_signed(value));
}

void DocumentBuilder::unsigned_integer(std::uint64_t value) {
    if (value <= INT64_MAX) return integer(static_cast<std::int64_t>(value));
    push(value, flex::type_uint, 3);
}

void DocumentBuilder::real(double value) {
    if (!std::isfinite(value)) return fail(Errc::number_out_of_range);
    // The range is checked first because converting a double beyond it is undefined.
    const bool is_single = std::abs(value) <= 3.4028234663852886e38 &&
                           static_cast<double>(static_cast<float>(value)) == value;
    push(std::bit_cast<std::uint64_t>(value), flex::type_float, is_single ? 2 : 3);
}

void DocumentBuilder::string(std::string_view value) {
    if (failed()) return;
    if (value.size() > limits::document_bytes_max) return fail(Errc::document_too_large);
    if (!is_utf8(value)) return fail(Errc::bad_utf8);
    if (!spend(value.size())) return;
    const std::uint8_t width_log2 = width_of(value.size());
    const std::size_t width = std::size_t{1} << width_log2;
    const std::size_t pad = padding(size_, width);
    Byte* at = reserve(pad + width + value.size() + 1);
    if (pad != 0) std::memset(at, 0, pad);
    store_width(at + pad, value.size(), width);
    Byte* first = at + pad + width;
    if (!value.empty()) std::memcpy(first, value.data(), value.size());
    first[value.size()] = 0;
    const std::size_t position = size_ + pad + width;
    size_ = position + value.size() + 1;
    push(position, flex::type_string, width_log2);
}

void DocumentBuilder::begin(bool is_object) {
    if (failed()) return;
    if (!expects_value()) return fail(Errc::bad_document);
    if (frames_.size() == limits::depth_max) return fail(Errc::too_deep);
    frames_.push_back({static_cast<std::uint32_t>(slots_.size()),
                       static_cast<std::uint32_t>(keys_.size()), is_object});
}

void DocumentBuilder::begin_object() { begin(true); }

void DocumentBuilder::begin_array() { begin(false); }

void DocumentBuilder::key(std::string_view key) {
    if (key.size() > limits::key_bytes_max) return fail(Errc::key_too_long);
    if (!is_utf8(key)) return fail(Errc::bad_utf8);
    if (key.find('\0') == std::string_view::npos) return append_key(key);
    char stored[2 * limits::key_bytes_max];
    stored_key({stored, write_stored_key(key, stored)});
}

void DocumentBuilder::stored_key(std::string_view key) {
    if (key.size() > limits::key_bytes_max) return fail(Errc::key_too_long);
    if (!is_stored_key(key) || key.find('\0') != std::string_view::npos) return fail(Errc::bad_utf8);
    append_key(key);
}

void DocumentBuilder::append_key(std::string_view key) {
    if (failed()) return;
    if (frames_.empty() || !frames_.back().is_object) return fail(Errc::bad_document);
    const Frame& frame = frames_.back();
    if (keys_.size() - frame.first_key != slots_.size() - frame.first_slot) {
        return fail(Errc::bad_document);
    }
    if (!spend(key.size())) return;
    keys_.push_back(write_key(key));
}

/// Writes the key, or finds where the same one was written before.
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
    // Stored keys hold no NUL, so equal prefixes mean that both have eight bytes or are the same.
    if (a.size < 8 || b.size < 8 || a.position == b.position) return false;
    const std::size_t common = std::min(a.size, b.size) - 8;
    const int order = std::memcmp(buffer_.data() + a.position + 8, buffer_.data() + b.position + 8,
                                  common);
    return order != 0 ? order < 0 : a.size < b.size;
}

/// Brings the members of an object into the order of their keys. False where two are the same.
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
        std::sort(members_.begin(), members_.end(), [this](const Member& a, const Member& b) {
            return key_less(a.key, b.key);
        });
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

/// Writes the vector of the keys from `first_key` on, or finds the same one written before.
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
    std::uint8_t width_log2 = width_of(count);
    std::size_t width = 0;
    std::size_t start = 0;
    for (;; ++width_log2) {
        width = std::size_t{1} << width_log2;
        start = size_ + padding(size_, width) + width;
        if (count == 0 || width_of(start + count * width - lowest) <= width_log2) break;
    }
    align(width);
    Byte* at = reserve((count + 1) * width);
    store_width(at, count, width);
    for (std::size_t i = 0; i < count; ++i) {
        store_width(at + (i + 1) * width, start + i * width - keys[i].position, width);
    }
    size_ += (count + 1) * width;

    cached = {epoch_, static_cast<std::uint32_t>(known_positions_.size()),
              static_cast<std::uint32_t>(count), static_cast<std::uint32_t>(start), width_log2};
    for (std::size_t i = 0; i < count; ++i) known_positions_.push_back(keys[i].position);
    return cached;
}

void DocumentBuilder::align(std::size_t width) {
    const std::size_t pad = padding(size_, width);
    Byte* at = reserve(pad);
    if (pad != 0) std::memset(at, 0, pad);
    size_ += pad;
}

/// The container of the slots from `first_slot` on; a map where there are `keys`.
DocumentBuilder::Slot DocumentBuilder::write_container(std::size_t first_slot,
                                                       const CachedKeys* keys) {
    const Slot* slots = slots_.data() + first_slot;
    const std::size_t count = slots_.size() - first_slot;
    const std::size_t header_fields = keys != nullptr ? 3 : 1;

    // The lowest position that is pointed at decides how wide offsets must be.
    std::uint64_t lowest = keys != nullptr ? keys->vector : UINT64_MAX;
    std::uint8_t width_log2 = width_of(count);
    for (std::size_t i = 0; i < count; ++i) {
        if (is_inline(slots[i].type)) {
            width_log2 = std::max(width_log2, slots[i].width_log2);
        } else {
            lowest = std::min(lowest, slots[i].bits);
        }
    }
    std::size_t width = 0;
    std::size_t start = 0;
    for (;; ++width_log2) {
        width = std::size_t{1} << width_log2;
        start = size_ + padding(size_, width) + header_fields * width;
        if (lowest == UINT64_MAX || width_of(start + count * width - lowest) <= width_log2) break;
    }

    align(width);
    Byte* at = reserve((header_fields + count) * width + count);
    if (keys != nullptr) {
        store_width(at, size_ - keys->vector, width);
        store_width(at + width, std::uint64_t{1} << keys->width_log2, width);
        at += 2 * width;
    }
    store_width(at, count, width);
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

/// The elements, then their type bytes, at the position `start`.
template <class Field>
void DocumentBuilder::write_elements(const Slot* slots, std::size_t count, std::size_t start,
                                     Byte* at) noexcept {
    constexpr std::size_t width = sizeof(Field);
    constexpr auto width_log2 = static_cast<std::uint8_t>(std::countr_zero(width));
    Byte* types = at + count * width;
    for (std::size_t i = 0; i < count; ++i) {
        const Slot& slot = slots[i];
        std::uint64_t bits = slot.bits;
        std::uint8_t stored_log2 = width_log2;
        if (!is_inline(slot.type)) {
            bits = start + i * width - slot.bits;
            stored_log2 = slot.width_log2;
        } else if (width == 4 && slot.type == flex::type_float) {
            const auto single = static_cast<float>(std::bit_cast<double>(slot.bits));
            bits = std::bit_cast<std::uint32_t>(single);
        }
        store<Field>(at + i * width, bits);
        types[i] = type_byte(slot.type, stored_log2);
    }
}

void DocumentBuilder::end(bool is_object) {
    if (failed()) return;
    if (frames_.empty() || frames_.back().is_object != is_object) return fail(Errc::bad_document);
    const Frame frame = frames_.back();
    Slot container;
    if (is_object) {
        if (keys_.size() - frame.first_key != slots_.size() - frame.first_slot) {
            return fail(Errc::bad_document);
        }
        if (!sort_members(frame.first_slot, frame.first_key)) return fail(Errc::duplicate_key);
        const CachedKeys keys = key_vector(frame.first_key);
        container = write_container(frame.first_slot, &keys);
        keys_.resize(frame.first_key);
    } else {
        container = write_container(frame.first_slot, nullptr);
    }
    slots_.resize(frame.first_slot);
    frames_.pop_back();
    // The parent expected this value when the container was begun, so only its key can be missing
    // now, and nothing can have taken the key away.
    push(container.bits, container.type, container.width_log2);
}

void DocumentBuilder::end_object() { end(true); }

void DocumentBuilder::end_array() { end(false); }

void DocumentBuilder::value(const Value& value) {
    switch (value.type()) {
        case ValueType::null: return null();
        case ValueType::boolean: return boolean(*value.as_bool());
        case ValueType::integer: return integer(*value.as_int64());
        case ValueType::unsigned_integer: return unsigned_integer(*value.as_uint64());
        case ValueType::real: return real(*value.as_double());
        case ValueType::string: return string(*value.as_string());
        case ValueType::array:
            begin_array();
            for (std::size_t i = 0; i < value.size() && !failed(); ++i) this->value(value[i]);
            return end_array();
        case ValueType::object:
            begin_object();
            for (std::size_t i = 0; i < value.size() && !failed(); ++i) {
                const auto [key, member] = value.member(i);
                stored_key(key);
                this->value(member);
            }
            return end_object();
    }
}

Result<ByteView> DocumentBuilder::finish() {
    if (failed()) return Error(failure_);
    if (!finished_) {
        if (!frames_.empty() || slots_.size() != 1) return Error(Errc::bad_document);
        write_root();
        if (size_ > limits::document_bytes_max) {
            fail(Errc::document_too_large);
            return Error(failure_);
        }
        finished_ = true;
    }
    return ByteView(buffer_.data(), size_);
}

/// The value of the root, its type byte, its width.
void DocumentBuilder::write_root() {
    const Slot& root = slots_.front();
    std::uint8_t width_log2 = is_inline(root.type) ? root.width_log2 : std::uint8_t{0};
    while (!is_inline(root.type)) {
        const std::size_t candidate = std::size_t{1} << width_log2;
        if (width_of(size_ + padding(size_, candidate) - root.bits) <= width_log2) break;
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
