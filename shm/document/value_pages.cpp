#include "shm/base/limits.hpp"
#include "shm/document/stored_key.hpp"
#include "shm/document/value.hpp"

/// Reading of values in separate pages. No page is trusted, because under a revoked pin any memory
/// may be reused. A walk terminates because each step leads to a page of a lower level, or deeper
/// into the document.
namespace ringside {

namespace {

ValueType type_of(page::Kind kind) noexcept {
    switch (kind) {
        case page::Kind::string: return ValueType::string;
        case page::Kind::array: return ValueType::array;
        case page::Kind::object: return ValueType::object;
    }
    return ValueType::null;
}

}  // namespace

/// Returns null if there is no reference.
const Byte* Value::reference_in(const Byte* slot, std::size_t slot_width) const noexcept {
    const auto place = static_cast<std::uint64_t>(slot - begin_);
    const std::uint64_t back = flex::load(slot, slot_width);
    if (back >= place || back < PageRef::bytes) return nullptr;
    const Byte* first = slot - back;
    return first[-1] == PageRef::bytes ? first : nullptr;
}

Value Value::at_reference(const Byte* slot, std::size_t slot_width) const noexcept {
    const Byte* place = reference_in(slot, slot_width);
    return open_page(place == nullptr ? PageRef() : PageRef::load(place));
}

Value Value::open_page(const PageRef& ref) const noexcept {
    const Value missing(space_, begin_, bytes_);
    if (space_ == nullptr || ref.offset == 0 || ref.level > page::level_max) return missing;
    if (ref.offset % alignof(PageHeader) != 0 || ref.offset > space_->bytes ||
        space_->bytes - ref.offset < sizeof(PageHeader)) {
        return missing;
    }
    PageHeader header;
    std::memcpy(&header, space_->base + ref.offset, sizeof header);
    const std::uint64_t first = ref.offset + sizeof header;
    if (header.bytes > space_->bytes - first) return missing;
    const Byte* begin = space_->base + first;
    if (header.bytes < 3 || begin[header.bytes - 2] >> 2 == flex::type_blob) return missing;
    Value value = of({begin, header.bytes}, space_);
    if (value.type_ != type_of(ref.kind)) return missing;
    value.is_paged_ = true;
    if (ref.level == 0) return value.size_ == ref.count ? value : missing;
    if (!value.is_container()) return missing;
    value.bits_ |= std::uint64_t{value.size_} << 32;
    value.size_ = ref.count;
    value.level_ = ref.level;
    return value;
}

PageHeader Value::page_header() const noexcept {
    PageHeader header;
    std::memcpy(&header, begin_ - sizeof header, sizeof header);
    return header;
}

PageRef Value::page_ref() const noexcept {
    const auto kind = is_string()  ? page::Kind::string
                      : is_array() ? page::Kind::array
                                   : page::Kind::object;
    return {static_cast<Offset>(begin_ - space_->base) - sizeof(PageHeader), size_, level_, kind};
}

std::size_t Value::part_count() const noexcept { return bits_ >> 32; }

const Byte* Value::part_place(std::size_t index) const noexcept {
    const std::size_t count = part_count();
    if (index >= count || data()[count * width_ + index] >> 2 != flex::type_blob) return nullptr;
    return reference_in(data() + index * width_, width_);
}

PageRef Value::part_ref(std::size_t index) const noexcept {
    const Byte* place = part_place(index);
    const PageRef ref = place == nullptr ? PageRef() : PageRef::load(place);
    return ref.level < level_ ? ref : PageRef();
}

Value Value::part(std::size_t index) const noexcept {
    const Value part = open_page(part_ref(index));
    return part.type_ == type_ ? part : Value();
}

std::string_view Value::part_key(std::size_t index) const noexcept {
    return index < part_count() ? key_of_page(index, part_count()) : std::string_view();
}

std::size_t Value::part_of(std::string_view stored_key) const noexcept {
    const std::size_t count = part_count();
    const Keys keys = this->keys(count);
    if (keys.width == 0) return 0;
    const Probe probe(stored_key);
    std::size_t low = 1;  // the first part takes all smaller keys
    std::size_t high = count;
    while (low < high) {
        const std::size_t middle = (low + high) / 2;
        const Byte* key = key_at(keys, middle);
        if (key == nullptr) return 0;
        if (compare(key, probe) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low - 1;
}

std::size_t Value::part_at(std::size_t index, std::size_t& before) const noexcept {
    before = 0;
    const std::size_t count = part_count();
    for (std::size_t i = 0; i + 1 < count; ++i) {
        const std::size_t end = before + part_ref(i).count;
        if (index < end) return i;
        before = end;
    }
    return count == 0 ? 0 : count - 1;
}

Value Value::leaf_at(std::size_t index, std::size_t& before) const noexcept {
    Value node = *this;
    before = 0;
    while (node.level_ != 0) {
        std::size_t within = 0;
        const std::size_t part = node.part_at(index - before, within);
        node = node.part(part);
        before += within;
    }
    return node;
}

Value Value::lookup_in_parts(std::string_view key) const noexcept {
    char stored[2 * limits::key_bytes_max];
    if (key.size() > limits::key_bytes_max) return {};
    const std::string_view sought(stored, write_stored_key(key, stored));
    Value node = *this;
    while (node.level_ != 0) node = node.part(node.part_of(sought));
    return node.is_object() ? node.lookup(Probe(sought)) : Value();
}

}  // namespace ringside
