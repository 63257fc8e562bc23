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

/// A document made in this process: JSON encoded once, to be written or compared many times.
/// Thread safety: immutable.
class Document {
public:
    /// Errors: those of `document_from_json`.
    static Result<Document> parse(std::string_view json, const DocumentLimits& limits = {});

    /// A copy of a value, as a document of its own.
    /// Errors: too_deep, document_too_large (a part of what was parsed with further limits),
    /// bad_document (a record whose pin was revoked).
    static Result<Document> copy(const Value& value, const DocumentLimits& limits = {});

    /// Takes what a `DocumentBuilder` finished.
    static Document adopt(Bytes encoded) { return Document(std::move(encoded)); }

    [[nodiscard]] Value root() const noexcept { return Value::of(bytes_); }
    [[nodiscard]] ByteView bytes() const noexcept { return bytes_; }

private:
    explicit Document(Bytes bytes) : bytes_(std::move(bytes)) {}
    Bytes bytes_;
};

/// One version of a record, in place in shared memory. A view: valid while the pin of whoever gave
/// it is held (the Record, the Snapshot, or the call of a callback).
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
    /// Does not exist for a record that was deleted.
    [[nodiscard]] Value document() const noexcept { return Value::of(document_, pages_); }
    /// The encoded document, in place; empty for one of more than about 2 KB, which lies in several
    /// pages: see `encode`.
    [[nodiscard]] ByteView bytes() const noexcept {
        return pages_ == nullptr ? document_ : ByteView();
    }
    /// The encoded document, in place or as `into` builds it. Valid as long as both.
    /// Errors: bad_document, for a pin that was revoked.
    [[nodiscard]] Result<ByteView> encode(DocumentBuilder& into) const;
    [[nodiscard]] Version version() const noexcept { return version_; }
    [[nodiscard]] Revision revision() const noexcept { return revision_; }
    /// Unix time in ns of the commit that made this version.
    [[nodiscard]] std::uint64_t updated_ns() const noexcept { return updated_ns_; }
    /// Unix time in ms at which the record expires; 0 = never.
    [[nodiscard]] std::uint64_t expires_ms() const noexcept { return expires_ms_; }

private:
    std::string_view name_;
    ByteView document_;
    const PageSpace* pages_ = nullptr;  ///< where there are further pages
    Version version_ = 0;
    Revision revision_ = 0;
    std::uint64_t updated_ns_ = 0;
    std::uint64_t expires_ms_ = 0;
};

/// A record of one Snapshot in eight bytes, for those who keep very many: see `Snapshot::mark`.
enum class RecordMark : std::uint64_t {};

namespace detail {
class ThreadLane;
}

/// A RecordView that holds the calling thread's pin.
/// Thread safety: stays in the thread that got it.
class Record : public RecordView {
public:
    Record(Record&& other) noexcept
        : RecordView(other), lane_(std::exchange(other.lane_, nullptr)) {}
    Record& operator=(Record&&) noexcept;
    ~Record() {
        if (lane_ != nullptr) unpin();
    }

    /// Whether everything read so far was whole: snapshot_expired when the pin was held beyond its
    /// lease and revoked. Only a Record kept for seconds needs to ask.
    [[nodiscard]] Result<void> check() const;

private:
    friend class Client;
    Record(const RecordView& view, detail::ThreadLane* lane) noexcept
        : RecordView(view), lane_(lane) {}
    void unpin() noexcept;

    detail::ThreadLane* lane_;
};

}  // namespace ringside
