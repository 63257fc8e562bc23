#pragma once

#include <hiredis/hiredis.h>

#include "bench/peers/peer.hpp"
#include "bench/support/process.hpp"

namespace ringside::bench {

/// A Redis server on core 1 that listens on a unix socket only and keeps nothing on disk.
class RedisServer {
public:
    /// In a directory that exists.
    explicit RedisServer(const std::string& directory);
    [[nodiscard]] const std::string& socket() const { return socket_; }
    [[nodiscard]] pid_t pid() const { return child_.pid(); }

private:
    std::string socket_;
    Child child_;
};

/// A connection; hiredis with its results owned and its errors thrown.
class RedisConnection {
public:
    using Reply = std::unique_ptr<redisReply, void (*)(void*)>;
    using Words = std::span<const std::string_view>;

    /// Whether it sleeps where it waits; only one that does has `reply`, only one that does not has
    /// `poll`.
    enum class Waits { sleeping, spinning };
    explicit RedisConnection(const std::string& socket, Waits how = Waits::sleeping);

    /// Adds a command to those that are sent at the next flush or reply.
    void append(Words words);
    void append(std::initializer_list<std::string_view> words) {
        append(Words(words.begin(), words.size()));
    }
    /// Sends what was appended, without waiting for replies.
    void flush();
    /// The next reply, waited for.
    [[nodiscard]] Reply reply();
    /// The next reply if it is there; otherwise null, without waiting.
    [[nodiscard]] Reply poll();

private:
    std::unique_ptr<redisContext, void (*)(redisContext*)> context_;
};

[[nodiscard]] inline ByteView bytes_of(const redisReply& reply) {
    return {reinterpret_cast<const std::uint8_t*>(reply.str), reply.len};
}
[[nodiscard]] inline std::string_view text_of(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Records as string values of Redis: the bytes of the documents.
class Redis : public Peer {
public:
    explicit Redis(const std::string& socket);

    [[nodiscard]] std::string_view name() const override { return "Redis"; }
    void fill(std::size_t records) override;
    std::int64_t read(Names names) override;
    std::int64_t read_many(Names names) override;
    std::int64_t scan() override;
    void write(Names names, std::span<const Bytes> documents) override;
    void write_pipelined(Names names, std::span<const Bytes> documents) override;
    [[nodiscard]] std::unique_ptr<Peer> open_again() const override;
    [[nodiscard]] double bytes_used() const override { return bytes_used_; }

private:
    [[nodiscard]] double memory_of_server();

    std::string socket_;
    RedisConnection connection_;
    double bytes_used_ = 0;
};

}  // namespace ringside::bench
