#include "bench/peers/redis.hpp"
#include "tools/support/built_paths.hpp"

#include <stdexcept>

namespace ringside::bench {

namespace {

RedisConnection::Reply owned(void* reply) {
    RedisConnection::Reply result(static_cast<redisReply*>(reply), freeReplyObject);
    if (result && result->type == REDIS_REPLY_ERROR)
        throw std::runtime_error("Redis: " + std::string(result->str, result->len));
    return result;
}

}  // namespace

RedisServer::RedisServer(const std::string& directory)
    : socket_(directory + "/socket"), child_([&] {
          pin_to(1);
          // Debian's package has one program whose function depends on argv[0].
          become(built::redis_server, {"redis-server", "--port", "0", "--unixsocket", socket_,
                                       "--save", "", "--appendonly", "no", "--dir", directory});
      }) {
    for (int i = 0; i < 10'000 && access(socket_.c_str(), R_OK) != 0; ++i) usleep(1000);
}

RedisConnection::RedisConnection(const std::string& socket, Waits how)
    : context_(how == Waits::sleeping ? redisConnectUnix(socket.c_str())
                                      : redisConnectUnixNonBlock(socket.c_str()),
               redisFree) {
    if (!context_ || context_->err != 0)
        throw std::runtime_error("cannot connect to Redis at " + socket);
}

void RedisConnection::append(Words words) {
    const char* texts[2 * batch_size];
    std::size_t sizes[2 * batch_size];
    for (std::size_t i = 0; i < words.size(); ++i) {
        texts[i] = words[i].data();
        sizes[i] = words[i].size();
    }
    if (redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), texts, sizes) != 0)
        throw std::runtime_error("Redis client: out of memory");
}

void RedisConnection::flush() {
    for (int is_done = 0; is_done == 0;) {
        if (redisBufferWrite(context_.get(), &is_done) != REDIS_OK)
            throw std::runtime_error(context_->errstr);
    }
}

RedisConnection::Reply RedisConnection::reply() {
    void* reply = nullptr;
    if (redisGetReply(context_.get(), &reply) != REDIS_OK)
        throw std::runtime_error(context_->errstr);
    return owned(reply);
}

RedisConnection::Reply RedisConnection::poll() {
    void* reply = nullptr;
    redisGetReplyFromReader(context_.get(), &reply);
    if (reply == nullptr) {
        if (redisBufferRead(context_.get()) != REDIS_OK) throw std::runtime_error(context_->errstr);
        redisGetReplyFromReader(context_.get(), &reply);
    }
    return owned(reply);
}

Redis::Redis(const std::string& socket) : socket_(socket), connection_(socket) {}

double Redis::memory_of_server() {
    connection_.append({"INFO", "memory"});
    const auto reply = connection_.reply();
    const std::string text(reply->str, reply->len);
    constexpr std::string_view field = "used_memory:";
    return std::stod(text.substr(text.find(field) + field.size()));
}

void Redis::fill(std::size_t records) {
    const double before = memory_of_server();
    for (std::size_t i = 0; i < records; i += batch_size) {
        const std::size_t end = std::min(i + batch_size, records);
        for (std::size_t k = i; k < end; ++k) {
            const Bytes document = document_from_json(json_of(k)).value();
            connection_.append({"SET", name_of(k), text_of(document)});
        }
        for (std::size_t k = i; k < end; ++k) static_cast<void>(connection_.reply());
    }
    bytes_used_ = memory_of_server() - before;
}

std::int64_t Redis::read(Names names) {
    std::int64_t sum = 0;
    for (const std::string_view name : names) {
        connection_.append({"GET", name});
        sum += price_in(bytes_of(*connection_.reply()));
    }
    return sum;
}

std::int64_t Redis::read_many(Names names) {
    std::int64_t sum = 0;
    std::vector<std::string_view> words;
    for (std::size_t i = 0; i < names.size(); i += batch_size) {
        const Names batch = names.subspan(i, std::min(batch_size, names.size() - i));
        words.assign(1, "MGET");
        words.insert(words.end(), batch.begin(), batch.end());
        connection_.append(words);
        const auto reply = connection_.reply();
        for (std::size_t k = 0; k < reply->elements; ++k)
            sum += price_in(bytes_of(*reply->element[k]));
    }
    return sum;
}

std::int64_t Redis::scan() {
    std::int64_t sum = 0;
    std::string cursor = "0";
    std::vector<std::string_view> words;
    do {
        connection_.append({"SCAN", cursor, "COUNT", "1000"});
        const auto found = connection_.reply();
        const redisReply& names = *found->element[1];
        for (std::size_t i = 0; i < names.elements; i += batch_size) {
            words.assign(1, "MGET");
            for (std::size_t k = i; k < std::min(i + batch_size, names.elements); ++k)
                words.emplace_back(names.element[k]->str, names.element[k]->len);
            connection_.append(words);
        }
        for (std::size_t i = 0; i < names.elements; i += batch_size) {
            const auto documents = connection_.reply();
            for (std::size_t k = 0; k < documents->elements; ++k)
                sum += sold_in(bytes_of(*documents->element[k]));
        }
        cursor.assign(found->element[0]->str, found->element[0]->len);
    } while (cursor != "0");
    return sum;
}

void Redis::write(Names names, std::span<const Bytes> documents) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        connection_.append({"SET", names[i], text_of(documents[i % documents.size()])});
        static_cast<void>(connection_.reply());
    }
}

void Redis::write_pipelined(Names names, std::span<const Bytes> documents) {
    in_batches(names, documents, [&](Names batch, const auto& document) {
        for (std::size_t k = 0; k < batch.size(); ++k)
            connection_.append({"SET", batch[k], text_of(document(k))});
        for (std::size_t k = 0; k < batch.size(); ++k) static_cast<void>(connection_.reply());
    });
}

std::unique_ptr<Peer> Redis::open_again() const { return std::make_unique<Redis>(socket_); }

}  // namespace ringside::bench
