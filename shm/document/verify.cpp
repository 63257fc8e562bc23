#include "shm/document/verify.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <string>
#include <string_view>

#include "shm/base/limits.hpp"
#include "shm/base/utf8.hpp"
#include "shm/document/flex.hpp"
#include "shm/document/stored_key.hpp"

namespace ringside {

namespace {

/// Maximum expansion of a document through sharing, per byte. The builder shares keys of at most 64
/// bytes, and every member takes at least two bytes. So its documents stay below half of this
/// limit.
constexpr std::size_t expansion_max = 64;

/// Verified keys of an object, with their positions. Documents of one kind have the same keys at
/// the same positions. Comparing with these is much faster than reading them, and equivalent: the
/// validity of keys depends only on their bytes and positions.
class FamiliarKeys {
public:
    static constexpr std::size_t key_bytes_max = 15;

    /// Returns whether `count` keys, whose one-byte offsets begin at `first`, are the known keys.
    /// REQUIRES: the offsets lie within the document.
    [[nodiscard]] bool match(ByteView document, std::size_t first, std::size_t count) const {
        if (count != count_ || first != first_ || document.size() < bytes_needed_) return false;
        const Byte* begin = document.data();
        if (std::memcmp(begin + first, backs_.data(), count) != 0) return false;
        for (std::size_t i = 0; i < count; ++i) {
            if (!keys_[i].is_at(begin + first + i - backs_[i])) return false;
        }
        return true;
    }
    /// Total size of the keys.
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

    /// Discards the known keys and collects new ones; call `end` if all were valid.
    void begin() { count_ = learnt_ = bytes_ = bytes_needed_ = 0; }
    void add(ByteView document, std::size_t slot, std::size_t place, std::size_t size) {
        const std::size_t back = slot - place;
        if (learnt_ == count_max || size > key_bytes_max || back > UINT8_MAX ||
            document.size() - place < Key::bytes) {
            learnt_ = count_max + 1;
        }
        if (learnt_ > count_max) return;
        keys_[learnt_] = Key(document.data() + place, size);
        backs_[learnt_++] = static_cast<Byte>(back);
        bytes_ += size;
        bytes_needed_ = std::max(bytes_needed_, place + Key::bytes);
    }
    void end(std::size_t first) {
        first_ = first;
        count_ = learnt_ > count_max ? 0 : learnt_;
    }

private:
    static constexpr std::size_t count_max = 32;

    /// A key and its terminating NUL, within sixteen bytes.
    struct Key {
        static constexpr std::size_t bytes = key_bytes_max + 1;

        Key() = default;
        Key(const Byte* at, std::size_t size)
            : masks{size < 7 ? ones >> (7 - size) * 8 : ones,
                    size < 8 ? 0 : ones >> (15 - size) * 8},
              words{flex::load_as<std::uint64_t>(at) & masks[0],
                    flex::load_as<std::uint64_t>(at + 8) & masks[1]} {}
        [[nodiscard]] bool is_at(const Byte* at) const {
            return (flex::load_as<std::uint64_t>(at) & masks[0]) == words[0] &&
                   (flex::load_as<std::uint64_t>(at + 8) & masks[1]) == words[1];
        }

        static constexpr std::uint64_t ones = ~std::uint64_t{0};
        std::array<std::uint64_t, 2> masks{};
        std::array<std::uint64_t, 2> words{};
    };

    std::size_t first_ = 0;
    std::size_t count_ = 0;   ///< 0 if no keys are known
    std::size_t learnt_ = 0;  ///< beyond `count_max`: the keys cannot be kept
    std::size_t bytes_ = 0;
    std::size_t bytes_needed_ = 0;  ///< minimum size of a document for all loads to be in bounds
    std::array<Byte, count_max> backs_{};
    std::array<Key, count_max> keys_{};
};

/// Returns the known keys of this thread for a position in a document.
FamiliarKeys& familiar_keys(std::size_t first) {
    constexpr std::size_t places = 8;
    constinit static thread_local std::array<FamiliarKeys, places> known{};
    return known[first % places];
}

/// Every check returns false after it has set `code_` and `what_`. Positions are offsets from the
/// start, so no computed value can point outside.
class Verifier {
public:
    /// Without a list for references, references to pages are refused.
    explicit Verifier(ByteView document, const DocumentLimits& limits = {},
                      std::vector<PageRef>* references = nullptr)
        : depth_max_(limits.depth_max),
          references_(references),
          bytes_(document.data()),
          size_(document.size()),
          is_large_(limits.content_max <= expansion_max * document.size()),
          budget_(std::min(limits.content_max, expansion_max * document.size())),
          containers_left_(document.size()) {}

    bool document() {
        if (size_ < 3) return wrong("shorter than the smallest document");
        const std::size_t width = bytes_[size_ - 1];
        if (!flex::is_width(width) || size_ < width + 2) return wrong("invalid width of the root");
        return value(size_ - 2 - width, width, bytes_[size_ - 2], 0);
    }

    [[nodiscard]] Error error() const { return {code_, what_}; }

private:
    bool wrong(const char* what, Errc code = Errc::bad_document) {
        code_ = code;
        what_ = what;
        return false;
    }

    bool spend(std::size_t amount) {
        if (amount > budget_) {
            budget_ = 0;
            if (is_large_) return wrong("content too large", Errc::document_too_large);
            return wrong("content expands far beyond the size of the document");
        }
        budget_ -= amount;
        return true;
    }

    bool spend_container() {
        if (containers_left_ == 0)
            return wrong("content expands far beyond the size of the document");
        --containers_left_;
        return true;
    }

    /// The slot lies within the bytes.
    bool value(std::size_t slot, std::size_t slot_width, Byte type_byte, std::size_t depth) {
        if (!spend(1)) return false;
        const std::size_t width = std::size_t{1} << (type_byte & 3);
        switch (type_byte >> 2) {
            case flex::type_null:
            case flex::type_int:
            case flex::type_uint:
            case flex::type_bool: return true;
            case flex::type_float: return real(slot, slot_width);
            case flex::type_string: return string(slot, slot_width, width);
            case flex::type_vector: return container(slot, slot_width, width, depth, false);
            case flex::type_map: return container(slot, slot_width, width, depth, true);
            case flex::type_indirect_int:
            case flex::type_indirect_uint:
            case flex::type_indirect_float: return indirect(slot, slot_width, type_byte);
            case flex::type_blob:
                if (references_ != nullptr) return reference(slot, slot_width, width);
                [[fallthrough]];
            default: return wrong("unsupported type");
        }
    }

    bool real(std::size_t slot, std::size_t slot_width) {
        if (slot_width < 4) return wrong("real shorter than four bytes");
        const double value = slot_width == 8 ? flex::load_as<double>(bytes_ + slot)
                                             : flex::load_as<float>(bytes_ + slot);
        return std::isfinite(value) || wrong("real is not finite");
    }

    /// Follows the offset in a slot to a position with `header` bytes before it. The position is
    /// aligned.
    bool follow(std::size_t slot, std::size_t slot_width, std::size_t width, std::size_t header,
                std::size_t& place) {
        const std::uint64_t back = flex::load(bytes_ + slot, slot_width);
        if (back > slot || slot - back < header) return wrong("offset outside the document");
        place = slot - static_cast<std::size_t>(back);
        return (place & (width - 1)) == 0 || wrong("unaligned offset");
    }

    bool indirect(std::size_t slot, std::size_t slot_width, Byte type_byte) {
        const std::size_t width = std::size_t{1} << (type_byte & 3);
        std::size_t place = 0;
        if (!follow(slot, slot_width, width, 0, place)) return false;
        if (place + width > slot) return wrong("number overlaps its reference");
        return type_byte >> 2 != flex::type_indirect_float || real(place, width);
    }

    bool string(std::size_t slot, std::size_t slot_width, std::size_t width) {
        std::size_t first = 0;
        if (!spend_container() || !follow(slot, slot_width, width, width, first)) return false;
        const std::uint64_t size = flex::load(bytes_ + first - width, width);
        if (size >= size_ - first) return wrong("string outside the document");
        if (bytes_[first + size] != 0) return wrong("unterminated string");
        return spend(size) &&
               (is_utf8(text(first, size)) || wrong("string is not UTF-8", Errc::bad_utf8));
    }

    bool reference(std::size_t slot, std::size_t slot_width, std::size_t width) {
        std::size_t first = 0;
        if (!follow(slot, slot_width, width, width, first)) return false;
        if (width != 1 || bytes_[first - 1] != PageRef::bytes || size_ - first < PageRef::bytes) {
            return wrong("invalid size of a page reference");
        }
        references_->push_back(PageRef::load(bytes_ + first));
        return true;
    }

    bool container(std::size_t slot, std::size_t slot_width, std::size_t width, std::size_t depth,
                   bool is_object) {
        if (depth == depth_max_) return wrong("nested too deeply", Errc::too_deep);
        std::size_t first = 0;
        const std::size_t header = is_object ? 3 * width : width;
        if (!spend_container() || !follow(slot, slot_width, width, header, first)) return false;
        const std::uint64_t count = flex::load(bytes_ + first - width, width);
        if (count > size_ || count * (width + 1) > size_ - first) {
            return wrong("container outside the document");
        }
        if (is_object && !keys(first - header, width, count)) return false;
        const Byte* types = bytes_ + first + count * width;
        for (std::size_t i = 0; i < count; ++i) {
            if (!value(first + i * width, width, types[i], depth + 1)) return false;
        }
        return true;
    }

    bool keys(std::size_t slot, std::size_t slot_width, std::size_t count) {
        const std::uint64_t width = flex::load(bytes_ + slot + slot_width, slot_width);
        if (!flex::is_width(width)) return wrong("invalid width of the keys");
        std::size_t first = 0;
        if (!spend_container() || !follow(slot, slot_width, width, width, first)) return false;
        if (flex::load(bytes_ + first - width, width) != count) {
            return wrong("object with different numbers of keys and values");
        }
        if (count * width > size_ - first) return wrong("keys outside the document");
        // Rows of one table share their keys: those of the previous row are known to be valid.
        if (first == known_first_ && width == known_width_ && count == known_count_) {
            return spend(known_bytes_);
        }
        std::size_t bytes = 0;
        if (!known_or_read_keys(first, width, count, bytes)) return false;
        known_first_ = first;
        known_width_ = width;
        known_count_ = count;
        known_bytes_ = bytes;
        return true;
    }

    bool known_or_read_keys(std::size_t first, std::size_t width, std::size_t count,
                            std::size_t& bytes) {
        FamiliarKeys& familiar = familiar_keys(first);
        if (width == 1 && familiar.match({bytes_, size_}, first, count)) {
            bytes = familiar.bytes();
            return spend(bytes);
        }
        familiar.begin();
        if (!read_keys(first, width, count, bytes, familiar)) return false;
        if (width == 1) familiar.end(first);
        return true;
    }

    bool read_keys(std::size_t first, std::size_t width, std::size_t count, std::size_t& bytes,
                   FamiliarKeys& familiar) {
        std::string_view before;
        std::uint64_t prefix_before = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t slot = first + i * width;
            const std::uint64_t back = flex::load(bytes_ + slot, width);
            if (back > slot) return wrong("offset of a key outside the document");
            const auto place = static_cast<std::size_t>(slot - back);
            std::size_t size = 0;
            if (!key_size(place, size)) return false;
            const std::string_view key = text(place, size);
            const std::uint64_t prefix = flex::key_prefix(key.data(), size);
            if (i != 0 && prefix <= prefix_before && key <= before) {
                return key == before ? wrong("duplicate key in an object", Errc::duplicate_key)
                                     : wrong("keys of an object are not sorted");
            }
            if (!spend(size)) return false;
            if (!is_ascii(key) && !is_stored_key(key)) {
                return wrong("key is not UTF-8", Errc::bad_utf8);
            }
            familiar.add({bytes_, size_}, slot, place, size);
            bytes += size;
            before = key;
            prefix_before = prefix;
        }
        return true;
    }

    bool key_size(std::size_t place, std::size_t& size) {
        const std::size_t room = std::min(size_ - place, limits::key_bytes_max + 1);
        const void* nul = std::memchr(bytes_ + place, 0, room);
        if (nul != nullptr) {
            size = static_cast<std::size_t>(static_cast<const Byte*>(nul) - (bytes_ + place));
            return true;
        }
        return room > limits::key_bytes_max ? wrong("key too long", Errc::key_too_long)
                                            : wrong("unterminated key");
    }

    [[nodiscard]] std::string_view text(std::size_t first, std::size_t size) const {
        return {reinterpret_cast<const char*>(bytes_ + first), size};
    }

    std::size_t depth_max_;
    std::vector<PageRef>* references_;
    const Byte* bytes_;
    std::size_t size_;
    bool is_large_;  ///< its content bounds the expansion, not its size
    std::size_t budget_;
    std::size_t containers_left_;

    std::size_t known_first_ = 0;  ///< 0 if none: a vector is preceded by its size
    std::size_t known_width_ = 0;
    std::size_t known_count_ = 0;
    std::size_t known_bytes_ = 0;

    Errc code_ = Errc::bad_document;
    const char* what_ = "";
};

}  // namespace

Result<void> verify_page(ByteView page, std::vector<PageRef>& references) {
    Verifier verifier(page, {}, &references);
    if (!verifier.document()) return verifier.error();
    return {};
}

Result<void> verify_document(ByteView document, const DocumentLimits& limits) {
    if (document.size() > limits.encoded_max) return Error(Errc::document_too_large);
    Verifier verifier(document, limits);
    if (!verifier.document()) return verifier.error();
    return {};
}

}  // namespace ringside
