#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "shm/base/errc.hpp"
#include "shm/base/types.hpp"
#include "shm/document/builder.hpp"
#include "shm/document/document_limits.hpp"
#include "shm/document/json.hpp"
#include "shm/document/pointer.hpp"
#include "shm/document/value.hpp"

namespace ringside {

/// Document made in this process: JSON encoded once, to be written or compared many times.
/// Thread safety: immutable.
class Document {
public:
    /// Encodes JSON text. Errors: those of `document_from_json`.
    static Result<Document> parse(std::string_view json, const DocumentLimits& limits = {});

    /// Copies a value into a separate document.
    /// Errors: too_deep, document_too_large (a part of a document that was parsed with larger
    /// limits), bad_document (the pin of the record was revoked).
    static Result<Document> copy(const Value& value, const DocumentLimits& limits = {});

    /// Takes over the bytes of a finished `DocumentBuilder`.
    static Document adopt(Bytes encoded) { return Document(std::move(encoded)); }

    /// Returns the root of the document. Valid as long as the Document.
    [[nodiscard]] Value root() const noexcept { return Value::of(bytes_); }
    /// Returns the encoded bytes. Valid as long as the Document.
    [[nodiscard]] ByteView bytes() const noexcept { return bytes_; }

private:
    explicit Document(Bytes bytes) : bytes_(std::move(bytes)) {}
    Bytes bytes_;
};

/// One version of a record, in place in shared memory. A view: valid while its source holds the
/// pin. The source is a Record, a Snapshot, or the current call of a callback.
class RecordView {
public:
    RecordView() = default;
    RecordView(std::string_view name, ByteView document, const PageSpace* pages, Version version,
               Revision revision, std::uint64_t updated_ns, std::uint64_t expires_ms) noexcept
        : name_(name),
          document_(document),
          pages_(pages),
          version_(version),
          revision_(revision),
          updated_ns_(updated_ns),
          expires_ms_(expires_ms) {}

    [[nodiscard]] std::string_view name() const noexcept { return name_; }
    /// Returns a non-existent value if the record was deleted.
    [[nodiscard]] Value document() const noexcept { return Value::of(document_, pages_); }
    /// Returns the encoded document, in place. Empty for a document of more than about 2 KB, which
    /// has several pages: see `encode`.
    [[nodiscard]] ByteView bytes() const noexcept {
        return pages_ == nullptr ? document_ : ByteView();
    }
    /// Returns the encoded document, in place or built in `into`. Valid while the record and `into`
    /// are.
    /// Errors: bad_document (the pin was revoked).
    [[nodiscard]] Result<ByteView> encode(DocumentBuilder& into) const;
    [[nodiscard]] Version version() const noexcept { return version_; }
    [[nodiscard]] Revision revision() const noexcept { return revision_; }
    /// Unix time in ns of the commit that made this version.
    [[nodiscard]] std::uint64_t updated_ns() const noexcept { return updated_ns_; }
    /// Unix time in ms at which the record expires; 0 if never.
    [[nodiscard]] std::uint64_t expires_ms() const noexcept { return expires_ms_; }

private:
    std::string_view name_;
    ByteView document_;
    const PageSpace* pages_ = nullptr;  ///< null if the document has one page
    Version version_ = 0;
    Revision revision_ = 0;
    std::uint64_t updated_ns_ = 0;
    std::uint64_t expires_ms_ = 0;
};

/// Identifies a record of one Snapshot in eight bytes, to keep many: see `Snapshot::handle`.
enum class RecordHandle : std::uint64_t {};
using RecordMark [[deprecated("use RecordHandle")]] = RecordHandle;

namespace detail {
class ThreadLane;
}

/// RecordView that holds the pin of the calling thread.
/// Thread safety: must stay in the thread that got it.
class Record : public RecordView {
public:
    Record(Record&& other) noexcept
        : RecordView(other), lane_(std::exchange(other.lane_, nullptr)) {}
    Record& operator=(Record&&) noexcept;
    ~Record() {
        if (lane_ != nullptr) unpin();
    }

    /// Returns snapshot_expired if the pin was held beyond its lease and revoked. Values that were
    /// read before may then be invalid. Only a Record held for seconds needs this check.
    [[nodiscard]] Result<void> check() const;

private:
    friend class Client;
    Record(const RecordView& view, detail::ThreadLane* lane) noexcept
        : RecordView(view), lane_(lane) {}
    void unpin() noexcept;

    detail::ThreadLane* lane_;
};

}  // namespace ringside
