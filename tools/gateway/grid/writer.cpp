#include "tools/gateway/grid/writer.hpp"

namespace ringside::gateway {

namespace {

constexpr bool is_broker_stuck(Errc error) noexcept {
    return error == Errc::timed_out || error == Errc::no_broker || error == Errc::no_such_grid;
}

}  // namespace

Writer::Writer(Client& client, Executor loop)
    : client_(client), loop_(std::move(loop)), thread_([this] { run(); }) {}

Writer::~Writer() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    has_orders_.notify_one();
    thread_.join();
}

Task<Writer::Outcome> Writer::write(Write write) {
    return completed_by<Outcome>(
        [this, write = std::move(write)](Completion<Outcome> done) mutable {
            submit(std::move(write), std::move(done));
        });
}

void Writer::submit(Write write, Completion<Outcome> done) {
    std::unique_lock lock(mutex_);
    if (orders_.size() >= pending_max) {
        lock.unlock();
        asio::post(loop_, [done = std::move(done)]() mutable {
            std::move(done)(
                Error(Errc::would_block, "too many writes are waiting; try again later"));
        });
        return;
    }
    orders_.push_back({std::move(write), std::move(done)});
    const bool was_empty = orders_.size() == 1;
    lock.unlock();
    if (was_empty) has_orders_.notify_one();
}

void Writer::run() {
    for (;;) {
        std::vector<Order> batch;
        {
            std::unique_lock lock(mutex_);
            has_orders_.wait(lock, [this] { return is_stopping_ || !orders_.empty(); });
            if (orders_.empty()) return;
            batch.swap(orders_);
        }
        carry_out(batch);
        complete(std::move(batch));
    }
}

/// Answers arrive in the order of the writes, some before `send` has returned.
void Writer::carry_out(std::vector<Order>& orders) {
    std::vector<Outcome> answers;
    const auto on_reply = [&](std::uint64_t, const Outcome& answer) { answers.push_back(answer); };
    std::vector<Order*> sent;
    Result<void> flushed;
    {
        auto pipeline = client_.pipeline({.block = true, .on_reply = on_reply});
        if (!pipeline) {
            for (Order& order : orders) order.outcome = pipeline.error();
            return;
        }
        std::optional<Error> stuck;
        for (Order& order : orders) {
            if (stuck) {
                order.outcome = *stuck;
                continue;
            }
            const auto ticket = send(*pipeline, order.write);
            if (ticket) sent.push_back(&order);
            else order.outcome = ticket.error();
            // Each of the following writes would wait as long.
            if (!ticket && is_broker_stuck(ticket.error().code)) {
                stuck = Error(Errc::no_broker, "the broker accepts no requests");
            }
        }
        flushed = pipeline->flush();
    }
    for (std::size_t i = 0; i < sent.size(); ++i) {
        if (i < answers.size()) sent[i]->outcome = std::move(answers[i]);
        else if (!flushed) sent[i]->outcome = flushed.error();
    }
}

Result<std::uint64_t> Writer::send(Pipeline& pipeline, const Write& write) {
    if (write.begins_empty) {
        Transaction transaction;
        if (auto added = transaction.put(write.name, "{}", write.options); !added) {
            return added.error();
        }
        WriteOptions options = write.options;
        options.condition = {};
        if (auto added = transaction.put(write.name, write.json, options); !added) {
            return added.error();
        }
        return pipeline.commit(transaction);
    }
    if (write.document) return send(pipeline, write, *write.document);
    switch (write.kind) {
        case Write::Kind::put: return pipeline.put(write.name, write.json, write.options);
        case Write::Kind::patch:
            return pipeline.patch(write.name, write.pointer, write.json, write.options);
        case Write::Kind::merge: return pipeline.merge(write.name, write.json, write.options);
        case Write::Kind::remove: return pipeline.remove(write.name, write.options);
        case Write::Kind::publish: return pipeline.publish(write.name, write.json);
        case Write::Kind::json_patch: break;
    }
    Transaction transaction;
    if (auto added = transaction.json_patch(write.name, write.json, write.options); !added) {
        return added.error();
    }
    return pipeline.commit(transaction);
}

Result<std::uint64_t> Writer::send(Pipeline& pipeline, const Write& write,
                                   const Document& document) {
    Transaction transaction;
    Result<void> added;
    switch (write.kind) {
        case Write::Kind::put: return pipeline.put(write.name, document, write.options);
        case Write::Kind::publish: return pipeline.publish(write.name, document);
        case Write::Kind::remove: return pipeline.remove(write.name, write.options);
        case Write::Kind::patch:
            added = transaction.patch(write.name, write.pointer, document, write.options);
            break;
        case Write::Kind::merge:
            added = transaction.merge_encoded(write.name, document.bytes(), write.options);
            break;
        case Write::Kind::json_patch:
            added = transaction.json_patch_encoded(write.name, document.bytes(), write.options);
            break;
    }
    if (!added) return added.error();
    return pipeline.commit(transaction);
}

void Writer::complete(std::vector<Order> orders) {
    asio::post(loop_, [orders = std::move(orders)]() mutable {
        for (Order& order : orders) std::move(order.done)(std::move(order.outcome));
    });
}

}  // namespace ringside::gateway
