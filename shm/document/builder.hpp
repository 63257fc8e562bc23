#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"
#include "shm/base/types.hpp"
#include "shm/document/document_limits.hpp"
#include "shm/document/patch_budget.hpp"
#include "shm/document/value.hpp"

namespace ringside {

/// Encodes one document at a time as a FlexBuffer, and reuses its memory for the next.
///
/// The output is readable by `flexbuffers::GetRoot`: NULL, BOOL, INT, UINT, FLOAT, STRING, VECTOR,
/// MAP and the INDIRECT numbers. Every container, string and number is aligned to its width.
/// A custom encoder is faster, and its documents are smaller:
/// - Objects with the same keys share one vector of keys.
/// - Keys of up to `shared_key_bytes_max` are written once per document, if the small cache has
///   them.
/// - If a few wide numbers would widen all fields of a container, they are stored outside of it.
///
/// Errors are kept: `finish` returns the first one, and calls after it have no effect. The output
/// of `finish` always passes `verify_document`.
///
///     DocumentBuilder builder;
///     builder.begin_object();
///     builder.key("price");
///     builder.integer(120);
///     builder.end_object();
///     Result<ByteView> document = builder.finish();
///
/// Thread safety: one thread.
class DocumentBuilder {
public:
    /// Longer keys are not shared. So reading the keys of an object costs O(its bytes), which the
    /// budget of the verifier relies on.
    static constexpr std::size_t shared_key_bytes_max = 64;

    DocumentBuilder();

    /// Discards the document in progress and keeps the memory.
    void clear() noexcept { clear(Purpose()); }

    /// Purpose of the next document.
    struct Purpose {
        bool is_page = false;   ///< of a record: paged values keep their pages
        std::size_t depth = 0;  ///< containers around the document
        DocumentLimits limits{};
        PatchBudget* budget = nullptr;  ///< charged for all output; outlives the document
    };
    void clear(const Purpose& purpose) noexcept;

    void null();
    void boolean(bool value);
    void integer(std::int64_t value);
    void unsigned_integer(std::uint64_t value);
    /// Errors: number_out_of_range for NaN and infinities, which do not exist in JSON.
    void real(double value);
    /// Errors: bad_utf8.
    void string(std::string_view value);

    void begin_object();
    /// Sets the key of the next value. U+0000 in it is stored as C0 80.
    /// Errors: key_too_long, bad_utf8.
    void key(std::string_view key);
    /// Same as `key`, for a key in the form that `Value::key` returns.
    void stored_key(std::string_view key);
    /// Errors: duplicate_key.
    void end_object();

    void begin_array();
    void end_array();

    /// Copies a value with all its contents. A non-existent value is copied as null. In a page, a
    /// paged value is not copied but referred to.
    void value(const Value& value);
    /// Adds a reference to a page.
    void reference(const PageRef& ref, const PageHeader& header);

    /// Bytes so far, without those that open containers will add.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t expanded() const noexcept { return expanded_; }
    /// Bytes of the referenced pages and all pages below them.
    [[nodiscard]] std::size_t encoded_below() const noexcept { return encoded_below_; }
    /// Number of containers around the next value.
    [[nodiscard]] std::size_t depth() const noexcept { return purpose_.depth + frames_.size(); }
    /// Largest number of containers around a value so far.
    [[nodiscard]] std::size_t depth_reached() const noexcept { return depth_reached_; }

    /// Returns the encoded document, valid until the next `clear`.
    /// Errors: the first one that occurred; too_deep, document_too_large (content or encoding),
    /// bad_document if the calls do not form one value (open container, key without value, two
    /// roots), patch_too_costly if the budget is spent.
    [[nodiscard]] Result<ByteView> finish();

    /// Returns whether an error has occurred, so that a caller can stop early.
    [[nodiscard]] bool failed() const noexcept { return failure_ != Errc::ok; }

private:
    /// A value of an open container: the scalar itself, or the position of its bytes.
    struct Slot {
        std::uint64_t bits;       ///< integer, double bits, or position of string or container
        std::uint8_t type;        ///< `flex::Type`
        std::uint8_t width_log2;  ///< scalar: minimum width; others: own width
    };

    /// A key of an open object. `prefix` orders most pairs without reading the bytes.
    struct KeySlot {
        std::uint64_t prefix;    ///< first eight bytes, big endian, zero-padded
        std::uint32_t position;  ///< of the first byte
        std::uint32_t size;
    };

    struct Frame {
        std::uint32_t first_slot;
        std::uint32_t first_key;
        bool is_object;
    };

    struct Member {
        KeySlot key;
        Slot slot;
    };

    struct CachedKey {
        std::uint32_t epoch = 0;
        KeySlot key{};
    };

    /// A key vector written earlier. The positions of its keys are kept in `known_positions_`.
    struct CachedKeys {
        std::uint32_t epoch = 0;
        std::uint32_t first_position = 0;
        std::uint32_t count = 0;
        std::uint32_t vector = 0;
        std::uint8_t width_log2 = 0;
    };

    /// Layout with which a container takes the fewest bytes.
    struct Layout {
        std::size_t start;        ///< position of the first element
        std::uint8_t width_log2;  ///< of its fields; wider numbers are stored before the container
    };

    void fail(Errc code) noexcept {
        if (failure_ == Errc::ok) failure_ = code;
    }
    bool spend(std::size_t bytes) noexcept;
    bool charge(std::size_t bytes) noexcept;
    [[nodiscard]] bool expects_value() const noexcept;
    void push(std::uint64_t bits, std::uint8_t type, std::uint8_t width_log2);
    void begin(bool is_object);
    void end(bool is_object);
    void append_key(std::string_view key);
    bool sort_members(std::size_t first_slot, std::size_t first_key);
    [[nodiscard]] bool key_less(const KeySlot& a, const KeySlot& b) const noexcept;
    KeySlot write_key(std::string_view key);
    CachedKeys key_vector(std::size_t first_key);
    [[nodiscard]] Layout lay_out(std::size_t first_slot, const CachedKeys* keys) const noexcept;
    void write_indirect(std::size_t first_slot, std::uint8_t width_log2);
    Slot write_container(std::size_t first_slot, const CachedKeys* keys);
    [[nodiscard]] static std::uint64_t number_bits(const Slot& slot, std::size_t width) noexcept;
    template <class Field>
    static void write_elements(const Slot* slots, std::size_t count, std::size_t start,
                               Byte* at) noexcept;
    void write_root();

    Byte* reserve(std::size_t bytes);
    void align(std::size_t width);

    Bytes buffer_;  ///< its size is the reserved size; `size_` bytes are written
    std::size_t size_ = 0;
    std::size_t expanded_ = 0;  ///< values + string bytes + key bytes, as in the verifier
    std::size_t encoded_below_ = 0;
    std::size_t depth_reached_ = 0;
    Purpose purpose_;
    Errc failure_ = Errc::ok;
    std::uint32_t epoch_ = 1;  ///< marks cache entries of this document
    bool finished_ = false;

    std::vector<Slot> slots_;
    std::vector<KeySlot> keys_;
    std::vector<Frame> frames_;
    std::vector<Member> members_;  ///< scratch memory for sorting large objects
    std::vector<std::uint32_t> known_positions_;
    std::array<CachedKey, 128> key_cache_;
    std::array<CachedKeys, 16> keys_cache_;
};

/// Encodes a document as one FlexBuffer, even if it has pages. Valid until the next `out.clear()`.
/// Never fails for a document of a grid, whatever its changes: it may be larger in one piece than
/// in pages.
/// Errors: those of `DocumentBuilder::finish`, for bytes that are not a document.
Result<ByteView> encode_whole(const Value& document, DocumentBuilder& out);

}  // namespace ringside
