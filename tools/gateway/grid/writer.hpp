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

/// One change of one record, or one event.
struct Write {
    enum class Kind : std::uint8_t { put, patch, merge, json_patch, remove, publish };
    Kind kind = Kind::put;
    std::string name;
    std::string pointer{};  ///< of `patch`
    std::string json{};
    /// In the place of `json`: what was read already. A patch has what `json_patch_limits` allow.
    std::optional<Document> document{};
    WriteOptions options{};
    /// Of a put that is to be a record's second version: its first is an empty object, made in the
    /// same commit. The options' condition is that there is no such record.
    bool begins_empty = false;

    /// The document, value or patch. Errors: those of `Document::parse`.
    [[nodiscard]] Result<Document> content() const {
        if (document) return *document;
        return Document::parse(json, limits_of(kind));
    }
    [[nodiscard]] static constexpr DocumentLimits limits_of(Kind kind) noexcept {
        return kind == Kind::json_patch ? json_patch_limits : DocumentLimits();
    }
};

/// Carries out the writes of all connections: a thread with a pipeline. What comes while one batch
/// is on its way becomes the next one, so that the more there is, the less each costs.
/// Thread safety: all members; completions run in the loop.
class Writer {
public:
    using Outcome = Result<WriteResult>;

    /// The client must outlive it.
    Writer(Client& client, Executor loop);
    /// Writes that are under way are completed first.
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    /// Further error: would_block (`pending_max` are waiting already).
    Task<Outcome> write(Write write);
    /// The same for those who do not wait in a coroutine. What one thread submits is carried out in
    /// that order, and outcomes come in it, too, but for errors that are known at once.
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
    /// A write whose document was read already.
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
