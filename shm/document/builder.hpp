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

/// Encodes one document at a time as a FlexBuffer, and keeps its memory for the next.
///
/// The bytes are what `flexbuffers::GetRoot` reads: NULL, BOOL, INT, UINT, FLOAT, STRING, VECTOR,
/// MAP and the INDIRECT numbers, every container, string and number aligned to its width. Beside
/// speed, the reason for an encoder of our own is size: objects with the same keys share one vector
/// of keys, keys up to `shared_key_bytes_max` are written once per document where the small cache
/// remembers them, and a container whose few wide numbers would widen all its fields keeps them
/// beside it.
///
/// Mistakes and limits are kept: the first one is what `finish` returns, the calls after it do
/// nothing. What it finishes always passes `verify_document`.
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
    /// Longer keys are not shared: reading an object's keys then costs O(its bytes), which is what
    /// the verifier's budget counts on.
    static constexpr std::size_t shared_key_bytes_max = 64;

    DocumentBuilder();

    /// Forgets what was built, keeps the memory.
    void clear() noexcept { clear(Purpose()); }

    /// What the next document is for.
    struct Purpose {
        bool is_page = false;   ///< of a record: values that have pages keep them
        std::size_t depth = 0;  ///< containers above it
        DocumentLimits limits{};
        PatchBudget* budget = nullptr;  ///< what is written is charged to; outlives the document
    };
    void clear(const Purpose& purpose) noexcept;

    void null();
    void boolean(bool value);
    void integer(std::int64_t value);
    void unsigned_integer(std::uint64_t value);
    /// Errors: number_out_of_range for NaN and infinities, which JSON does not have.
    void real(double value);
    /// Errors: bad_utf8.
    void string(std::string_view value);

    void begin_object();
    /// The key of the value that follows. U+0000 in it is stored as C0 80.
    /// Errors: key_too_long, bad_utf8.
    void key(std::string_view key);
    /// As `key`, with the form that `Value::key` gives.
    void stored_key(std::string_view key);
    /// Errors: duplicate_key.
    void end_object();

    void begin_array();
    void end_array();

    /// Copies a value with all that is in it. A value that does not exist is copied as null. Where
    /// a page is built, a value that has a page is not copied, but referred to.
    void value(const Value& value);
    /// Refers to a page.
    void reference(const PageRef& ref, const PageHeader& header);

    /// Bytes so far, without what the containers that are open will take.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t expanded() const noexcept { return expanded_; }
    /// Bytes in the pages referred to, and all below them.
    [[nodiscard]] std::size_t encoded_below() const noexcept { return encoded_below_; }
    /// Containers around the value that comes next.
    [[nodiscard]] std::size_t depth() const noexcept { return purpose_.depth + frames_.size(); }
    /// The most containers that were around a value so far.
    [[nodiscard]] std::size_t depth_reached() const noexcept { return depth_reached_; }

    /// The encoded document; valid until the next `clear`.
    /// Errors: the first one met; too_deep, document_too_large (content or encoding), bad_document
    /// when the calls do not make up one value (open container, key without value, two roots);
    /// patch_too_costly when the budget is spent.
    [[nodiscard]] Result<ByteView> finish();

    /// Whether an error was met already, so that a caller may stop early.
    [[nodiscard]] bool failed() const noexcept { return failure_ != Errc::ok; }

private:
    /// A value of an open container: the scalar itself, or where its bytes lie.
    struct Slot {
        std::uint64_t bits;       ///< integer, double bits, or position of string or container
        std::uint8_t type;        ///< `flex::Type`
        std::uint8_t width_log2;  ///< scalar: least width it needs; others: the width of its own
    };

    /// A key of an open object. `prefix` orders most pairs without touching the bytes.
    struct KeySlot {
        std::uint64_t prefix;    ///< first eight bytes, big endian, padded with zeros
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

    /// A key vector written before; its keys' positions are kept in `known_positions_`.
    struct CachedKeys {
        std::uint32_t epoch = 0;
        std::uint32_t first_position = 0;
        std::uint32_t count = 0;
        std::uint32_t vector = 0;
        std::uint8_t width_log2 = 0;
    };

    /// How a container is written with the fewest bytes.
    struct Layout {
        std::size_t start;        ///< position of the first element
        std::uint8_t width_log2;  ///< of its fields; wider numbers lie before it
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

    Bytes buffer_;  ///< as large as what is reserved; `size_` of it is written
    std::size_t size_ = 0;
    std::size_t expanded_ = 0;  ///< values + string bytes + key bytes, as the verifier counts them
    std::size_t encoded_below_ = 0;
    std::size_t depth_reached_ = 0;
    Purpose purpose_;
    Errc failure_ = Errc::ok;
    std::uint32_t epoch_ = 1;  ///< cache entries of former documents do not count
    bool finished_ = false;

    std::vector<Slot> slots_;
    std::vector<KeySlot> keys_;
    std::vector<Frame> frames_;
    std::vector<Member> members_;  ///< scratch for sorting large objects
    std::vector<std::uint32_t> known_positions_;
    std::array<CachedKey, 128> key_cache_;
    std::array<CachedKeys, 16> keys_cache_;
};

/// A document in one FlexBuffer, whatever pages it has. Valid until the next `out.clear()`.
/// Never fails for a document that a grid holds, however it was changed: it may be larger in one
/// piece than in pages.
/// Errors: as `DocumentBuilder::finish`, for bytes that are no document.
Result<ByteView> encode_whole(const Value& document, DocumentBuilder& out);

}  // namespace ringside
