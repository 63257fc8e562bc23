#include "broker/store/stored_value.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>

#include "shm/document/verify.hpp"
#include "shm/name/name.hpp"
#include "shm/name/system_name.hpp"

namespace ringside::broker {

namespace {

/// Records of format 1 have no update time. They stay unchanged until they are written again.
constexpr std::size_t header_bytes_of_format_1 = offsetof(ValueHeader, updated_ns);

std::uint64_t checksum_of(const ValueHeader& header, std::size_t header_bytes,
                          std::string_view name, ByteView document) {
    const auto* fields = reinterpret_cast<const Byte*>(&header) + sizeof header.checksum;
    std::uint64_t hash = XXH3_64bits(fields, header_bytes - sizeof header.checksum);
    hash = XXH3_64bits_withSeed(name.data(), name.size(), hash);
    return XXH3_64bits_withSeed(document.data(), document.size(), hash);
}

}  // namespace

ValueHeader header_of(const StoredRecord& record) {
    ValueHeader header{0, record.revision, record.version, record.expires_ms, record.updated_ns};
    header.checksum = checksum_of(header, sizeof header, record.name, record.document);
    return header;
}

Result<StoredRecord> read_value(std::string_view name, std::string_view value,
                                std::vector<std::uint64_t>& words) {
    if (value.size() < header_bytes_of_format_1) {
        return Error(Errc::store_damaged, "too short");
    }
    ValueHeader header;
    ByteView document;
    const auto matches = [&](std::size_t header_bytes) {
        if (value.size() < header_bytes) return false;
        header = {};
        std::memcpy(&header, value.data(), header_bytes);
        const std::size_t bytes = value.size() - header_bytes;
        words.resize(bytes / 8 + 1);
        std::memcpy(words.data(), value.data() + header_bytes, bytes);
        document = {reinterpret_cast<const Byte*>(words.data()), bytes};
        return header.checksum == checksum_of(header, header_bytes, name, document);
    };
    if (!matches(sizeof header) && !matches(header_bytes_of_format_1)) {
        return Error(Errc::store_damaged, "checksum does not match");
    }
    // A checksum does not prove the origin: data for the segment is verified as usual.
    auto checked = check_stored_name(name);
    if (checked && !system_name::is_stored(name)) checked = Error(Errc::reserved_name);
    // A document changed in pages can need more bytes in one piece than a document from a client.
    constexpr DocumentLimits stored{.encoded_max = limits::stored_document_bytes_max};
    if (checked) checked = verify_document(document, stored);
    if (!checked) return checked.error();
    return StoredRecord{
        name, document, header.version, header.revision, header.expires_ms, header.updated_ns};
}

}  // namespace ringside::broker
