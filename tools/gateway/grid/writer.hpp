#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "ringside/client.hpp"
#include "tools/gateway/grid/completion.hpp"

namespace ringside::gateway {

/// A change of one record, or an event.
struct Write {
    enum class Kind : std::uint8_t { put, patch, merge, json_patch, remove, publish };
    Kind kind = Kind::put;
    std::string name;
    std::string pointer{};  ///< for `patch`
    std::string json{};
    /// A document that was read already; replaces `json`. A patch is within `json_patch_limits`.
    std::optional<Document> document{};
    WriteOptions options{};
    /// For a put that makes the second version of a record: the first one is an empty object, made
    /// in the same commit. The options' condition is that the record does not exist.
    bool begins_empty = false;

    /// Returns the document, value or patch. Errors: those of `Document::parse`.
    [[nodiscard]] Result<Document> content() const {
        if (document) return *document;
        return Document::parse(json, limits_of(kind));
    }
    [[nodiscard]] static constexpr DocumentLimits limits_of(Kind kind) noexcept {
        return kind == Kind::json_patch ? json_patch_limits : DocumentLimits();
    }
};

/// Carries out the writes of all connections in a thread with a pipeline. Writes that arrive while
/// a batch is under way form the next batch, so the cost per write falls as the load rises.
/// Thread safety: all members; completions run in the loop.
class Writer {
public:
    using Outcome = Result<WriteResult>;

    /// The client must outlive it.
    Writer(Client& client, Executor loop);
    /// Completes writes that are under way.
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    /// Further error: would_block if `pending_max` writes are waiting already.
    Task<Outcome> write(Write write);
    /// For callers that are not coroutines. Writes that one thread submits are carried out in
    /// order, and their outcomes arrive in order, except for errors that are known immediately.
    void submit(Write write, Completion<Outcome> done);

    static constexpr std::size_t pending_max = 16'384;

private:
    struct Order {
        Write write;
        Completion<Outcome> done;
        Outcome outcome = Error(Errc::connection_lost);
    };

    void run();
    void carry_out(std::vector<Order>& orders);
    [[nodiscard]] static Result<std::uint64_t> send(Pipeline& pipeline, const Write& write);
    /// Sends a write whose document was read already.
    [[nodiscard]] static Result<std::uint64_t> send(Pipeline& pipeline, const Write& write,
                                                    const Document& document);
    void complete(std::vector<Order> orders);

    Client& client_;
    const Executor loop_;
    std::mutex mutex_;
    std::condition_variable has_orders_;
    std::vector<Order> orders_;
    bool is_stopping_ = false;
    std::thread thread_;
};

}  // namespace ringside::gateway
