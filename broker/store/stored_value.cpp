#include "broker/store/stored_value.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>

#include "shm/document/verify.hpp"
#include "shm/name/name.hpp"

namespace ringside::broker {

namespace {

std::uint64_t checksum_of(const ValueHeader& header, std::string_view name, ByteView document) {
    const auto* fields = reinterpret_cast<const Byte*>(&header) + sizeof header.checksum;
    std::uint64_t hash = XXH3_64bits(fields, sizeof header - sizeof header.checksum);
    hash = XXH3_64bits_withSeed(name.data(), name.size(), hash);
    return XXH3_64bits_withSeed(document.data(), document.size(), hash);
}

}  // namespace

ValueHeader header_of(const StoredRecord& record) {
    ValueHeader header{0, record.revision, record.version, record.expires_ms};
    header.checksum = checksum_of(header, record.name, record.document);
    return header;
}

Result<StoredRecord> read_value(std::string_view name, std::string_view value,
                                std::vector<std::uint64_t>& words) {
    ValueHeader header;
    if (value.size() < sizeof header) return Error(Errc::store_damaged, "it is too short");
    std::memcpy(&header, value.data(), sizeof header);
    const std::size_t bytes = value.size() - sizeof header;
    words.resize(bytes / 8 + 1);
    std::memcpy(words.data(), value.data() + sizeof header, bytes);
    const ByteView document(reinterpret_cast<const Byte*>(words.data()), bytes);
    if (header.checksum != checksum_of(header, name, document)) {
        return Error(Errc::store_damaged, "its checksum does not match");
    }
    // A checksum is no proof of who wrote it: what goes into the segment is checked as ever.
    auto checked = check_name(name);
    if (checked) checked = verify_document(document, limits::paged_document_bytes_max);
    if (!checked) return checked.error();
    return StoredRecord{name, document, header.version, header.revision, header.expires_ms};
}

}  // namespace ringside::broker
