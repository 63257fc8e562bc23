#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ringside/record.hpp"

namespace ringside {

/// Precondition of a write. If it does not hold, the write fails with condition_failed.
struct Condition {
    enum class Kind : std::uint8_t { none, version, revision, absent };
    Kind kind = Kind::none;
    std::uint64_t expected = 0;

    /// Compares the version of the record.
    static Condition version_is(Version version) noexcept { return {Kind::version, version}; }
    /// Compares the revision of the record: that of the commit that changed it last.
    static Condition revision_is(Revision revision) noexcept { return {Kind::revision, revision}; }
    /// Requires that the record does not exist.
    static Condition is_absent() noexcept { return {Kind::absent, 0}; }
};

/// What must have happened before a write is acknowledged.
enum class Grade : std::uint8_t {
    applied,  ///< visible to every reader
    /// also on disk, so it survives a crash of the host. Errors: memory_only, not_durable
    durable,
};

/// Options of one write.
struct WriteOptions {
    Condition condition{};
    /// Time to live of the record from this write on, at most `limits::ttl_ms_max`. Zero: until it
    /// is removed. A write without a time to live clears an earlier one; `patch`, `merge` and
    /// `json_patch` keep it. Error: bad_ttl.
    std::chrono::milliseconds ttl{0};
    /// A transaction uses the highest grade of its writes.
    Grade grade = Grade::applied;
};

/// Result of one write.
struct WriteResult {
    Revision revision = 0;  ///< revision of the commit
    Version version = 0;    ///< version of the record after the commit
};

/// Result of a transaction.
struct CommitResult {
    Revision revision = 0;
    std::vector<Version> versions;  ///< of the record of each write, in order
};

/// Writes that are committed together. Reusable after `clear`. Thread safety: none.
class Transaction {
public:
    Transaction();
    Transaction(Transaction&&) noexcept;
    Transaction& operator=(Transaction&&) noexcept;
    ~Transaction();

    // Errors of JSON text and options are returned immediately, all others by `commit`.
    Result<void> put(std::string_view name, std::string_view json, const WriteOptions& = {});
    Result<void> patch(std::string_view name, std::string_view pointer, std::string_view json,
                       const WriteOptions& = {});
    Result<void> merge(std::string_view name, std::string_view json, const WriteOptions& = {});
    Result<void> json_patch(std::string_view name, std::string_view json, const WriteOptions& = {});
    Result<void> put(std::string_view name, const Document& document, const WriteOptions& = {});
    Result<void> patch(std::string_view name, std::string_view pointer, const Document& value,
                       const WriteOptions& = {});
    /// For bytes that a `JsonReader` has encoded: a document, a merge patch, a JSON Patch.
    Result<void> put_encoded(std::string_view name, ByteView document, const WriteOptions& = {});
    Result<void> merge_encoded(std::string_view name, ByteView patch, const WriteOptions& = {});
    Result<void> json_patch_encoded(std::string_view name, ByteView patch,
                                    const WriteOptions& = {});
    Result<void> remove(std::string_view name, const WriteOptions& = {});
    /// Adds an event, which is published at the revision of the writes.
    Result<void> publish(std::string_view subject, std::string_view json);
    Result<void> publish(std::string_view subject, const Document& document);

    [[nodiscard]] std::size_t size() const noexcept;  ///< number of writes
    /// Removes all writes and keeps the memory.
    void clear() noexcept;

    struct Impl;

private:
    friend class Client;
    friend class Pipeline;
    std::unique_ptr<Impl> impl_;
};

/// Options of a pipeline.
struct PipelineOptions {
    /// Whether a write to a full lane waits until the broker has made room. If false, it returns
    /// would_block.
    bool block = true;
    /// Receives each answer, in the order of the writes, within `put` … `flush` and `poll`. Without
    /// it answers are only counted, and `flush` returns the first error.
    /// The handler may use the client and this pipeline, and may destroy the pipeline. A pipeline
    /// call within the handler does not call the handler again: further answers follow when the
    /// outer call continues.
    /// Exceptions propagate out of the enclosing call. The destructor drops an exception together
    /// with all answers after it.
    std::function<void(std::uint64_t ticket, const Result<WriteResult>&)> on_reply{};
};

/// Many concurrent writes in the lane of the calling thread. Each call returns a ticket before the
/// write is done. Tickets count up from 1, and answers come in that order.
/// When the session ends, unanswered writes end with connection_lost, and so does the call that
/// detects it. The next write uses the client's new session.
/// Thread safety: must stay in the thread that created it. Other writes of that thread wait for the
/// pipeline.
class Pipeline {
public:
    Pipeline(Pipeline&&) noexcept;
    Pipeline& operator=(Pipeline&&) noexcept;
    ~Pipeline();  ///< waits for pending answers, at most the client's timeout

    // Errors: those detected without the broker, would_block, connection_lost.
    Result<std::uint64_t> put(std::string_view name, std::string_view json,
                              const WriteOptions& = {});
    Result<std::uint64_t> put(std::string_view name, const Document& document,
                              const WriteOptions& = {});
    Result<std::uint64_t> put_encoded(std::string_view name, ByteView document,
                                      const WriteOptions& = {});
    Result<std::uint64_t> patch(std::string_view name, std::string_view pointer,
                                std::string_view json, const WriteOptions& = {});
    Result<std::uint64_t> merge(std::string_view name, std::string_view json,
                                const WriteOptions& = {});
    Result<std::uint64_t> remove(std::string_view name, const WriteOptions& = {});
    Result<std::uint64_t> publish(std::string_view subject, std::string_view json);
    Result<std::uint64_t> publish(std::string_view subject, const Document& document);
    Result<std::uint64_t> publish_encoded(std::string_view subject, ByteView document);
    Result<std::uint64_t> commit(const Transaction& transaction);

    /// Takes the available answers without waiting, and returns their number.
    std::size_t poll();

    /// Waits until all writes are answered, including those of the handler. Without `on_reply`,
    /// returns the first error since the last flush. Errors: also timed_out, connection_lost.
    Result<void> flush();

    [[nodiscard]] std::size_t pending() const noexcept;  ///< number of unanswered writes

    class Impl;

private:
    friend class Client;
    explicit Pipeline(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

}  // namespace ringside
