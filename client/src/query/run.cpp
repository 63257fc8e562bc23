#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "../snapshot_impl.hpp"
#include "../start_thread.hpp"
#include "access_path.hpp"
#include "collector.hpp"
#include "shm/wait/spin.hpp"

namespace ringside::query {

namespace {

/// The records of a batch that pass.
class Selection {
public:
    std::span<const Candidate> of(std::span<const RecordView> batch,
                                  const Filter& filter) noexcept {
        for (std::size_t i = 0; i < batch.size(); ++i)
            candidates_[i] = {&batch[i], batch[i].document()};
        return {candidates_.data(), filter.keep({candidates_.data(), batch.size()})};
    }

private:
    std::array<Candidate, RecordCursor::batch_max> candidates_;
};

/// Of equal values, such as 1 and 1.0, the first one in the order of names is shown.
bool depends_on_order(const Query& query) {
    return query.aggregates().empty() || !query.keys().empty() ||
           std::ranges::any_of(query.aggregates(), [](const Aggregate& one) {
               return one.kind() == Aggregate::Kind::min || one.kind() == Aggregate::Kind::max;
           });
}

/// As many threads as this process may use, joined by the destructor.
class Threads {
public:
    Threads() = default;
    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;
    ~Threads() {
        for (std::thread& thread : threads_) thread.join();
    }
    template <class Work>
    void start(std::size_t count, const Work& work) {
        threads_.reserve(count);
        while (threads_.size() < count) {
            std::thread thread;
            if (!detail::start_thread(thread, work)) return;  // fewer threads process all parts
            threads_.push_back(std::move(thread));
        }
    }

private:
    std::vector<std::thread> threads_;
};

/// A running query, on one thread or several.
class Run {
public:
    Run(const Snapshot::Impl& snapshot, const Query& query)
        : snapshot_(snapshot),
          query_(query),
          path_(snapshot, Pattern::parse(query.pattern()).value(), query.predicate(),
                depends_on_order(query) ? CandidateCost::ordered : CandidateCost::unordered) {
        const std::size_t threads = query.threads() == 0 ? shm::cores_available() : query.threads();
        ranges_ = path_.parts(threads);
        thread_count_ = std::min(threads, ranges_.size());
        collectors_.resize(ranges_.size());
    }

    Result<Rows> operator()() {
        if (const auto counted = path_.count(); counted && is_count()) {
            Rows rows(snapshot_.revision, query_.columns());
            rows.adopt({OwnedScalar(Scalar::unsigned_integer(*counted))});
            return rows;
        }
        {
            Threads others;
            others.start(thread_count_ - 1, [this] { work(); });
            work();
        }
        if (exception_) std::rethrow_exception(exception_);
        if (failure_) return *failure_;
        Collector& all = *collectors_.front();
        for (std::size_t i = 1; i < collectors_.size(); ++i) {
            if (auto merged = all.merge(*collectors_[i]); !merged) return merged.error();
            collectors_[i].reset();
        }
        Rows rows(snapshot_.revision, query_.columns());
        all.finish(rows);
        return rows;
    }

private:
    /// Returns whether only the number of passing records is wanted.
    [[nodiscard]] bool is_count() const noexcept {
        return query_.keys().empty() && query_.aggregates().size() == 1 && !query_.row_limit() &&
               !query_.first() && query_.aggregates().front().kind() == Aggregate::Kind::count;
    }
    void work() noexcept {
        try {
            work_on_parts();
        } catch (...) {
            next_.store(ranges_.size(), std::memory_order_relaxed);
            const std::lock_guard lock(mutex_);
            if (!exception_) exception_ = std::current_exception();
        }
    }
    /// Processes parts until none is left.
    void work_on_parts() {
        const Filter filter(query_.predicate());
        for (;;) {
            const std::size_t part = next_.fetch_add(1, std::memory_order_relaxed);
            if (part >= ranges_.size()) return;
            auto collected = collect(filter, std::move(ranges_[part]));
            if (!collected) return fail(collected.error());
            collectors_[part] = std::move(*collected);
        }
    }
    Result<std::unique_ptr<Collector>> collect(const Filter& filter, NameRange range) {
        auto collector = Collector::make(query_);
        RecordCursor cursor = path_.cursor(std::move(range));
        for (Selection selection;;) {
            const auto batch = cursor.next();
            if (!batch) return batch.error();
            if (batch->empty()) return collector;
            const auto goes_on = collector->take(selection.of(*batch, filter));
            if (!goes_on) return goes_on.error();
            if (!*goes_on) return collector;
        }
    }
    /// The other threads take no further part.
    void fail(const Error& error) {
        next_.store(ranges_.size(), std::memory_order_relaxed);
        const std::lock_guard lock(mutex_);
        if (!failure_) failure_ = error;
    }

    const Snapshot::Impl& snapshot_;
    const Query& query_;
    AccessPath path_;
    std::size_t thread_count_ = 1;
    std::vector<NameRange> ranges_;
    std::vector<std::unique_ptr<Collector>> collectors_;  ///< one per range
    std::atomic<std::size_t> next_ = 0;                   ///< next range to be processed
    std::mutex mutex_;
    std::optional<Error> failure_;
    std::exception_ptr exception_;  ///< of a thread that is out of memory
};

}  // namespace

}  // namespace ringside::query

namespace ringside {

Result<Rows> Snapshot::run(const Query& query) const {
    if (auto checked = query.check(); !checked) return checked.error();
    if (auto checked = impl_->check(); !checked) return checked.error();
    auto rows = query::Run(*impl_, query)();
    // The last records may be invalid, and a failure may be a consequence of that.
    if (auto checked = impl_->check(); !checked) return checked.error();
    return rows;
}

}  // namespace ringside
