#pragma once

#include <hiredis/hiredis.h>

#include "bench/peers/peer.hpp"
#include "bench/support/process.hpp"

namespace ringside::bench {

/// A Redis server on core 1 that listens only on a unix socket and stores nothing on disk.
class RedisServer {
public:
    /// `directory` must exist.
    explicit RedisServer(const std::string& directory);
    [[nodiscard]] const std::string& socket() const { return socket_; }
    [[nodiscard]] pid_t pid() const { return child_.pid(); }

private:
    std::string socket_;
    Child child_;
};

/// A connection: hiredis with owned results and exceptions for errors.
class RedisConnection {
public:
    using Reply = std::unique_ptr<redisReply, void (*)(void*)>;
    using Words = std::span<const std::string_view>;

    /// Whether the connection sleeps while it waits. A sleeping one offers `reply`, a spinning one
    /// `poll`.
    enum class Waits { sleeping, spinning };
    explicit RedisConnection(const std::string& socket, Waits how = Waits::sleeping);

    /// Appends a command to be sent at the next flush or reply.
    void append(Words words);
    void append(std::initializer_list<std::string_view> words) {
        append(Words(words.begin(), words.size()));
    }
    /// Sends the appended commands without waiting for replies.
    void flush();
    /// Waits for the next reply.
    [[nodiscard]] Reply reply();
    /// Returns the next reply, or null if none has arrived.
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

/// Records as Redis string values that hold the bytes of the documents.
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
