#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "shm/base/types.hpp"
#include "shm/document/flex.hpp"
#include "shm/document/page.hpp"

namespace ringside {

class JsonPointer;

enum class ValueType : std::uint8_t {
    null,
    boolean,
    integer,           ///< fits std::int64_t
    unsigned_integer,  ///< beyond INT64_MAX, fits std::uint64_t
    real,
    string,
    array,
    object,
};

/// A value in an encoded document, read in place.
///
/// A view: valid as long as the document's bytes and the page space. Copying is cheap (five words).
///
/// Invariant: never reads outside the document's bytes and the page space, whatever the bytes are.
/// They may even change during a read (memory that is reused under a revoked pin). So each field is
/// loaded once, checked, and only then used. Malformed parts read as null or empty.
///
/// A missing member or element is a Value whose `exists()` is false. It behaves as null, so that
/// lookups can be chained:
///
///     double price = Value::of(bytes)["seat"]["price"].as_double().value_or(0);
///
/// Thread safety: immutable.
class Value {
public:
    struct Member;
    class Members;
    class Elements;

    /// A non-existent value.
    Value() = default;

    /// Returns the root of a document. Without a page space, references to pages read as null.
    static Value of(ByteView document, const PageSpace* space = nullptr) noexcept;

    [[nodiscard]] ValueType type() const noexcept { return type_; }
    [[nodiscard]] bool exists() const noexcept { return exists_; }
    [[nodiscard]] bool is_null() const noexcept { return type_ == ValueType::null; }
    [[nodiscard]] bool is_boolean() const noexcept { return type_ == ValueType::boolean; }
    [[nodiscard]] bool is_integer() const noexcept {
        return type_ == ValueType::integer || type_ == ValueType::unsigned_integer;
    }
    [[nodiscard]] bool is_real() const noexcept { return type_ == ValueType::real; }
    [[nodiscard]] bool is_number() const noexcept { return is_integer() || is_real(); }
    [[nodiscard]] bool is_string() const noexcept { return type_ == ValueType::string; }
    [[nodiscard]] bool is_array() const noexcept { return type_ == ValueType::array; }
    [[nodiscard]] bool is_object() const noexcept { return type_ == ValueType::object; }
    [[nodiscard]] bool is_container() const noexcept { return is_array() || is_object(); }

    [[nodiscard]] std::optional<bool> as_bool() const noexcept;
    /// Nothing for a real, even without a fraction, and for an integer out of range.
    [[nodiscard]] std::optional<std::int64_t> as_int64() const noexcept;
    /// Nothing for a real and for an integer out of range.
    [[nodiscard]] std::optional<std::uint64_t> as_uint64() const noexcept;
    /// Any number; an integer beyond 2^53 is rounded.
    [[nodiscard]] std::optional<double> as_double() const noexcept;
    /// May have U+0000. Valid as long as the document's bytes.
    [[nodiscard]] std::optional<std::string_view> as_string() const noexcept;

    /// `as_…` by type: bool, std::int64_t, std::uint64_t, double or std::string_view.
    template <class T>
    [[nodiscard]] std::optional<T> get() const noexcept;

    /// Number of members, elements, or bytes of a string; 0 for other values.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Returns an element of an array.
    [[nodiscard]] Value operator[](std::size_t index) const noexcept {
        return is_array() ? element(index) : Value();
    }
    template <std::integral Index>
    requires(!std::same_as<Index, std::size_t>) [[nodiscard]] Value operator[](
        Index index) const noexcept {
        return (*this)[static_cast<std::size_t>(index)];
    }

    /// Returns a member of an object. Cost: a binary search over the keys.
    [[nodiscard]] Value operator[](std::string_view key) const noexcept;
    [[nodiscard]] Value operator[](const char* key) const noexcept {
        return (*this)[std::string_view(key)];
    }

    /// Same, for a key that is looked up in many documents. Cost: one comparison if the key has the
    /// same index as in the previous document.
    class Key;
    [[nodiscard]] Value operator[](const Key& key) const noexcept;

    /// Returns the value at a JSON Pointer; nothing if it does not exist.
    [[nodiscard]] std::optional<Value> find(const JsonPointer& pointer) const noexcept;

    /// Returns the i-th key of an object, in strcmp order, in stored form: U+0000 appears as C0 80,
    /// everything else is unchanged.
    [[nodiscard]] std::string_view key(std::size_t index) const noexcept;
    /// Returns the i-th key of an object and its value.
    [[nodiscard]] Member member(std::size_t index) const noexcept;

    /// For range-based for over an object: `for (auto [key, value] : object.members())`.
    [[nodiscard]] Members members() const noexcept;
    /// For range-based for over an array.
    [[nodiscard]] Elements elements() const noexcept;

    /// Returns whether both have the same JSON form. The order of keys is ignored. 1 and 1.0
    /// differ, and so do 0.0 and -0.0.
    [[nodiscard]] bool is_same(const Value& other) const noexcept;
    /// Returns whether both are equal as in `test` of a JSON Patch (RFC 6902, 4.6), also within
    /// containers. Same as `is_same`, but numbers are compared by value: 1 equals 1.0, and 0 equals
    /// -0.0. The comparison is exact: 9007199254740993 does not equal 9007199254740992.0.
    [[nodiscard]] bool is_equal(const Value& other) const noexcept;
    /// Same, with a budget of steps (see `PatchBudget`). Returns false and leaves 0 if the budget
    /// is too small.
    [[nodiscard]] bool is_equal(const Value& other, std::uint64_t& steps_left) const noexcept;

    // For writers of pages; readers do not need the following members.

    /// Returns the value in a page, or a non-existent value if there is no page.
    static Value of_page(const PageRef& ref, const PageSpace& space) noexcept {
        const Value value = Value(&space, nullptr, 0).open_page(ref);
        return value.is_paged() ? value : Value();
    }
    /// Returns whether the value has separate pages.
    [[nodiscard]] bool is_paged() const noexcept { return is_paged_; }
    /// If above 0, the members or elements are in pages below: the parts of the value.
    [[nodiscard]] std::uint8_t level() const noexcept { return level_; }
    /// Returns the reference to the page. REQUIRES: is_paged().
    [[nodiscard]] PageRef page_ref() const noexcept;
    [[nodiscard]] PageHeader page_header() const noexcept;
    /// The FlexBuffer of the page.
    [[nodiscard]] ByteView page_bytes() const noexcept { return {begin_, bytes_}; }
    [[nodiscard]] const PageSpace* space() const noexcept { return space_; }

    // Parts. REQUIRES: level() > 0.
    [[nodiscard]] std::size_t part_count() const noexcept;
    /// Returns the piece of the value that the part holds.
    [[nodiscard]] Value part(std::size_t index) const noexcept;
    [[nodiscard]] PageRef part_ref(std::size_t index) const noexcept;
    /// Returns the address of the reference in the page, or null if it is not there.
    [[nodiscard]] const Byte* part_place(std::size_t index) const noexcept;
    /// Lower bound of the keys in the part, except for the first part. Keys in the parts before are
    /// less.
    [[nodiscard]] std::string_view part_key(std::size_t index) const noexcept;
    /// Returns the part that holds a key, or would hold it.
    [[nodiscard]] std::size_t part_of(std::string_view stored_key) const noexcept;
    /// Returns the part that holds an element, and the number of elements before that part. Beyond
    /// the end: the last part.
    [[nodiscard]] std::size_t part_at(std::size_t index, std::size_t& before) const noexcept;

    /// Returns the page of level 0 that holds an element or member, and how many are `before` that
    /// page.
    [[nodiscard]] Value leaf_at(std::size_t index, std::size_t& before) const noexcept;

private:
    /// A key to search for, with precomputed values for most comparisons.
    struct Probe {
        explicit Probe(std::string_view key) noexcept;
        [[nodiscard]] bool holds_nul() const noexcept;

        const char* data;
        std::size_t size;
        std::uint64_t prefix;
        std::uint64_t mask;  ///< compared bytes of a stored prefix, including the NUL
    };

    Value(const PageSpace* space, const Byte* begin, std::uint32_t bytes) noexcept
        : space_(space), begin_(begin), bytes_(bytes), exists_(true) {}

    /// Returns the value in a slot of this value's page.
    [[nodiscard]] Value at(const Byte* slot, std::size_t slot_width, Byte type_byte) const noexcept;
    [[nodiscard]] Value at_common(const Byte* slot, std::size_t slot_width,
                                  Byte type_byte) const noexcept;
    [[nodiscard]] Value at_reference(const Byte* slot, std::size_t slot_width) const noexcept;
    [[nodiscard]] const Byte* reference_in(const Byte* slot, std::size_t slot_width) const noexcept;
    [[nodiscard]] Value open_page(const PageRef& ref) const noexcept;
    void read_number(const Byte* at, std::size_t width, std::uint8_t type) noexcept;
    void read_string(const Byte* slot, std::size_t slot_width, std::size_t width) noexcept;
    void read_container(const Byte* slot, std::size_t slot_width, std::size_t width,
                        ValueType type) noexcept;

    /// Returns an element or the value of a member.
    [[nodiscard]] Value element(std::size_t index) const noexcept;
    [[nodiscard]] Value element_of_page(std::size_t index, std::size_t count) const noexcept;

    /// The vector of an object's keys; width 0 if it is malformed.
    struct Keys {
        const Byte* first = nullptr;
        std::size_t width = 0;
    };
    [[nodiscard]] Keys keys(std::size_t count) const noexcept;
    [[nodiscard]] const Byte* key_at(const Keys& keys, std::size_t index) const noexcept;
    [[nodiscard]] int compare(const Byte* key, const Probe& probe) const noexcept;
    [[nodiscard]] int compare_slowly(const Byte* key, const Probe& probe) const noexcept;
    [[nodiscard]] Value lookup(const Probe& probe) const noexcept;
    /// Returns the index of a key, or `size_` if it is missing.
    [[nodiscard]] std::size_t place_of(const Keys& keys, const Probe& probe) const noexcept;
    /// Looks up a key whose index differs from that in the previous document.
    [[nodiscard]] Value lookup_elsewhere(const Key& key) const noexcept;
    [[nodiscard]] Value lookup_with_nul(std::string_view key) const noexcept;
    [[nodiscard]] Value lookup_in_parts(std::string_view key) const noexcept;
    [[nodiscard]] std::string_view key_of_page(std::size_t index, std::size_t count) const noexcept;

    [[nodiscard]] const Byte* data() const noexcept {
        return begin_ + static_cast<std::uint32_t>(bits_);
    }
    [[nodiscard]] const Byte* end() const noexcept { return begin_ + bytes_; }

    const PageSpace* space_ = nullptr;
    const Byte* begin_ = nullptr;  ///< of the page
    /// For a scalar its value. Otherwise the offset of the first byte from begin_, and in the high
    /// half the number of parts, if any.
    std::uint64_t bits_ = 0;
    std::uint32_t bytes_ = 0;  ///< of the page
    std::uint32_t size_ = 0;
    std::uint8_t width_ = 0;  ///< of a container
    std::uint8_t level_ = 0;
    ValueType type_ = ValueType::null;
    bool exists_ : 1 = false;
    bool is_paged_ : 1 = false;
};
static_assert(sizeof(Value) == 40);

/// A key for lookups in many documents of the same shape, for example in a scan. Does not own the
/// text. Thread safety: one thread, so create it where it is used:
///
///     const Value::Key price("price");
///     for (const RecordView& record : batch)
///         sum += record.document()[price].as_int64().value_or(0);
class Value::Key {
public:
    explicit Key(std::string_view text) noexcept : probe_(text), holds_nul_(probe_.holds_nul()) {}
    explicit Key(const char* text) noexcept : Key(std::string_view(text)) {}

private:
    friend class Value;
    Probe probe_;
    bool holds_nul_;
    mutable std::size_t place_ = 0;  ///< last index
};

struct Value::Member {
    std::string_view key;  ///< in stored form, see `Value::key`
    Value value;
};

namespace detail {

/// Iterates over a container page by page; `Range` returns the item at an index of one page.
template <class Range>
class ContainerIterator {
public:
    struct End {};
    explicit ContainerIterator(const Value& container) noexcept
        : container_(container), size_(container.size()) {
        enter();
    }
    auto operator*() const noexcept { return Range(leaf_)[index_ - before_]; }
    ContainerIterator& operator++() noexcept {
        if (++index_ == leaf_end_) enter();
        return *this;
    }
    bool operator==(End) const noexcept { return index_ >= size_; }

private:
    void enter() noexcept {
        if (container_.level() == 0) {
            leaf_ = container_;
            leaf_end_ = size_;
            return;
        }
        leaf_ = container_.leaf_at(index_, before_);
        leaf_end_ = before_ + leaf_.size();
        if (leaf_end_ <= index_) index_ = size_;  // malformed
    }

    Value container_;
    Value leaf_;
    std::size_t size_;
    std::size_t index_ = 0;
    std::size_t before_ = 0;
    std::size_t leaf_end_ = 0;
};

}  // namespace detail

class Value::Members {
public:
    explicit Members(const Value& object) noexcept : object_(object) {}
    Member operator[](std::size_t index) const noexcept { return object_.member(index); }
    [[nodiscard]] std::size_t size() const noexcept {
        return object_.is_object() ? object_.size() : 0;
    }
    [[nodiscard]] auto begin() const noexcept {
        return detail::ContainerIterator<Members>(object_.is_object() ? object_ : Value());
    }
    [[nodiscard]] auto end() const noexcept {
        return typename detail::ContainerIterator<Members>::End();
    }

private:
    Value object_;
};

class Value::Elements {
public:
    explicit Elements(const Value& array) noexcept : array_(array) {}
    Value operator[](std::size_t index) const noexcept { return array_[index]; }
    [[nodiscard]] std::size_t size() const noexcept {
        return array_.is_array() ? array_.size() : 0;
    }
    [[nodiscard]] auto begin() const noexcept {
        return detail::ContainerIterator<Elements>(array_.is_array() ? array_ : Value());
    }
    [[nodiscard]] auto end() const noexcept {
        return typename detail::ContainerIterator<Elements>::End();
    }

private:
    Value array_;
};

inline Value::Members Value::members() const noexcept { return Members(*this); }
inline Value::Elements Value::elements() const noexcept { return Elements(*this); }

}  // namespace ringside

#include "shm/document/value_inline.hpp"
