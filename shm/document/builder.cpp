#include "shm/document/builder.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "shm/base/limits.hpp"
#include "shm/base/utf8.hpp"
#include "shm/document/flex.hpp"
#include "shm/document/stored_key.hpp"

namespace ringside {

DocumentBuilder::DocumentBuilder() : buffer_(1024) {
    slots_.reserve(64);
    keys_.reserve(64);
    frames_.reserve(limits::depth_max);
}

void DocumentBuilder::clear(const Purpose& purpose) noexcept {
    purpose_ = purpose;
    size_ = 0;
    expanded_ = 0;
    encoded_below_ = 0;
    depth_reached_ = purpose.depth;
    failure_ = Errc::ok;
    finished_ = false;
    slots_.clear();
    keys_.clear();
    frames_.clear();
    known_positions_.clear();
    if (++epoch_ == 0) {  // wrapped around: very old entries would appear valid
        key_cache_.fill({});
        keys_cache_.fill({});
        epoch_ = 1;
    }
}

/// Counts towards the expanded size, which sharing of keys does not reduce.
bool DocumentBuilder::spend(std::size_t bytes) noexcept {
    expanded_ += bytes;
    if (expanded_ <= purpose_.limits.content_max &&
        size_ + encoded_below_ <= purpose_.limits.encoded_max) {
        return true;
    }
    fail(Errc::document_too_large);
    return false;
}

/// Called before the bytes of a string or key are written, or a value without bytes.
bool DocumentBuilder::charge(std::size_t bytes) noexcept {
    if (purpose_.budget == nullptr) return true;
    if (purpose_.budget->spend(1 + bytes / PatchBudget::string_bytes_per_step)) return true;
    fail(Errc::patch_too_costly);
    return false;
}

/// Returns whether a value is allowed now. A second root, or a member without a key, is not.
bool DocumentBuilder::expects_value() const noexcept {
    if (frames_.empty()) return slots_.empty();
    const Frame& frame = frames_.back();
    return !frame.is_object ||
           keys_.size() - frame.first_key == slots_.size() - frame.first_slot + 1;
}

void DocumentBuilder::push(std::uint64_t bits, std::uint8_t type, std::uint8_t width_log2) {
    if (failed()) return;
    if (!expects_value()) return fail(Errc::bad_document);
    if (!spend(1) || !charge(0)) return;
    slots_.push_back({bits, type, width_log2});
}

void DocumentBuilder::null() { push(0, flex::type_null, 0); }

void DocumentBuilder::boolean(bool value) { push(value ? 1 : 0, flex::type_bool, 0); }

void DocumentBuilder::integer(std::int64_t value) {
    push(static_cast<std::uint64_t>(value), flex::type_int, flex::width_of_signed(value));
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
    if (value.size() > purpose_.limits.content_max) return fail(Errc::document_too_large);
    if (!charge(value.size())) return;
    if (!is_utf8(value)) return fail(Errc::bad_utf8);
    if (!spend(value.size())) return;
    const std::uint8_t width_log2 = flex::width_of(value.size());
    const std::size_t width = std::size_t{1} << width_log2;
    const std::size_t pad = flex::padding(size_, width);
    Byte* at = reserve(pad + width + value.size() + 1);
    if (pad != 0) std::memset(at, 0, pad);
    flex::store_width(at + pad, value.size(), width);
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
    if (depth() >= purpose_.limits.depth_max) return fail(Errc::too_deep);
    frames_.push_back({static_cast<std::uint32_t>(slots_.size()),
                       static_cast<std::uint32_t>(keys_.size()), is_object});
    depth_reached_ = std::max(depth_reached_, depth());
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
    if (!is_stored_key(key) || key.find('\0') != std::string_view::npos)
        return fail(Errc::bad_utf8);
    append_key(key);
}

void DocumentBuilder::append_key(std::string_view key) {
    if (failed()) return;
    if (frames_.empty() || !frames_.back().is_object) return fail(Errc::bad_document);
    const Frame& frame = frames_.back();
    if (keys_.size() - frame.first_key != slots_.size() - frame.first_slot) {
        return fail(Errc::bad_document);
    }
    if (!spend(key.size()) || !charge(key.size())) return;
    keys_.push_back(write_key(key));
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
    // The parent expected this value when the container was opened. So only its key can be missing
    // now, and nothing can have removed the key.
    push(container.bits, container.type, container.width_log2);
}

void DocumentBuilder::end_object() { end(true); }

void DocumentBuilder::end_array() { end(false); }

void DocumentBuilder::reference(const PageRef& ref, const PageHeader& header) {
    if (failed()) return;
    encoded_below_ += header.encoded;
    if (!spend(header.expanded)) return;
    Byte* at = reserve(1 + PageRef::bytes);
    *at = PageRef::bytes;
    ref.store(at + 1);
    const std::size_t position = size_ + 1;
    size_ += 1 + PageRef::bytes;
    push(position, flex::type_blob, 0);
}

void DocumentBuilder::value(const Value& value) {
    if (value.is_paged() && purpose_.is_page) {
        return reference(value.page_ref(), value.page_header());
    }
    switch (value.type()) {
        case ValueType::null: return null();
        case ValueType::boolean: return boolean(*value.as_bool());
        case ValueType::integer: return integer(*value.as_int64());
        case ValueType::unsigned_integer: return unsigned_integer(*value.as_uint64());
        case ValueType::real: return real(*value.as_double());
        case ValueType::string: return string(*value.as_string());
        case ValueType::array:
            begin_array();
            for (const Value element : value.elements()) {
                if (failed()) return;
                this->value(element);
            }
            return end_array();
        case ValueType::object:
            begin_object();
            for (const auto& [key, member] : value.members()) {
                if (failed()) return;
                stored_key(key);
                this->value(member);
            }
            return end_object();
    }
}

Result<ByteView> encode_whole(const Value& document, DocumentBuilder& out) {
    constexpr std::size_t any = UINT32_MAX;  // the content is limited
    out.clear({.limits = {.encoded_max = any}});
    out.value(document);
    return out.finish();
}

Result<ByteView> DocumentBuilder::finish() {
    if (failed()) return Error(failure_);
    if (!finished_) {
        if (!frames_.empty() || slots_.size() != 1) return Error(Errc::bad_document);
        write_root();
        if (size_ + encoded_below_ > purpose_.limits.encoded_max) {
            fail(Errc::document_too_large);
            return Error(failure_);
        }
        finished_ = true;
    }
    return ByteView(buffer_.data(), size_);
}

}  // namespace ringside
