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

/// What must hold for a write to happen; otherwise it fails with condition_failed.
struct Condition {
    enum class Kind : std::uint8_t { none, version, revision, absent };
    Kind kind = Kind::none;
    std::uint64_t expected = 0;

    static Condition version_is(Version version) noexcept { return {Kind::version, version}; }
    /// The record's own revision: that of the commit that changed it last.
    static Condition revision_is(Revision revision) noexcept { return {Kind::revision, revision}; }
    static Condition is_absent() noexcept { return {Kind::absent, 0}; }
};

/// What has to have happened before a write is acknowledged.
enum class Grade : std::uint8_t {
    applied,  ///< every reader sees it
    durable,  ///< and it is on disk: it outlives the host. Errors: memory_only, not_durable
};

struct WriteOptions {
    Condition condition{};
    /// How long the record lives from this write on; zero: until it is removed. A write without a
    /// time to live takes an earlier one away, except `patch`, `merge` and `json_patch`, which keep
    /// it. Error: bad_ttl.
    std::chrono::milliseconds ttl{0};
    /// Of a transaction, the highest of its writes counts.
    Grade grade = Grade::applied;
};

struct WriteResult {
    Revision revision = 0;  ///< of the commit
    Version version = 0;    ///< of the record after it
};

struct CommitResult {
    Revision revision = 0;
    std::vector<Version> versions;  ///< of each write's record, in order
};

/// Writes that happen together. Reusable after `clear`. Thread safety: none.
class Transaction {
public:
    Transaction();
    Transaction(Transaction&&) noexcept;
    Transaction& operator=(Transaction&&) noexcept;
    ~Transaction();

    // Errors of JSON text and of options are given at once; the others by `commit`.
    Result<void> put(std::string_view name, std::string_view json, const WriteOptions& = {});
    Result<void> patch(std::string_view name, std::string_view pointer, std::string_view json,
                       const WriteOptions& = {});
    Result<void> merge(std::string_view name, std::string_view json, const WriteOptions& = {});
    Result<void> json_patch(std::string_view name, std::string_view json, const WriteOptions& = {});
    Result<void> put(std::string_view name, const Document& document, const WriteOptions& = {});
    Result<void> patch(std::string_view name, std::string_view pointer, const Document& value,
                       const WriteOptions& = {});
    /// Of what is encoded already, by a `JsonReader`: a document, a merge patch, a JSON Patch.
    Result<void> put_encoded(std::string_view name, ByteView document, const WriteOptions& = {});
    Result<void> merge_encoded(std::string_view name, ByteView patch, const WriteOptions& = {});
    Result<void> json_patch_encoded(std::string_view name, ByteView patch,
                                    const WriteOptions& = {});
    Result<void> remove(std::string_view name, const WriteOptions& = {});
    /// An event, told at the revision of the writes.
    Result<void> publish(std::string_view subject, std::string_view json);
    Result<void> publish(std::string_view subject, const Document& document);

    [[nodiscard]] std::size_t size() const noexcept;  ///< writes so far
    void clear() noexcept;

    struct Impl;

private:
    friend class Client;
    friend class Pipeline;
    std::unique_ptr<Impl> impl_;
};

struct PipelineOptions {
    /// What a full lane does: wait until the broker has made room, or give would_block.
    bool block = true;
    /// Called for each answer, in the order of the writes, from within `put` … `flush` and `poll`.
    /// Without it answers are counted, and `flush` returns the first error.
    /// The handler may use the client and this pipeline, and may destroy the pipeline. A call of
    /// the pipeline within the handler does not call the handler again: further answers follow when
    /// the outer call continues. An exception leaves the call within which the handler was called;
    /// the destructor drops it, with the answers that were due behind it.
    std::function<void(std::uint64_t ticket, const Result<WriteResult>&)> on_reply{};
};

/// Many writes under way at once in the calling thread's lane. Each call returns a ticket, counting
/// up from 1, before the write is done; answers come in that order.
/// When the session is over, writes without an answer end with connection_lost, and the call that
/// notices it returns connection_lost. The next write goes to the client's new session.
/// Thread safety: stays in the thread that made it. While it lives, that thread's other writes wait
/// behind it.
class Pipeline {
public:
    Pipeline(Pipeline&&) noexcept;
    Pipeline& operator=(Pipeline&&) noexcept;
    ~Pipeline();  ///< waits for the answers still due, at most the client's timeout

    // Errors: those that can be told without the broker, would_block, connection_lost.
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

    /// Takes the answers that are there, without waiting; how many.
    std::size_t poll();

    /// Waits until every write is answered, those of the handler included. The first error since
    /// the last flush, if any and if there is no `on_reply`; timed_out, connection_lost.
    Result<void> flush();

    [[nodiscard]] std::size_t pending() const noexcept;  ///< writes without an answer yet

    class Impl;

private:
    friend class Client;
    explicit Pipeline(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

}  // namespace ringside
