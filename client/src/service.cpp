#include <unistd.h>

#include <atomic>
#include <exception>
#include <functional>
#include <thread>
#include <vector>

#include "listener_impl.hpp"
#include "provider_impl.hpp"
#include "start_thread.hpp"

namespace ringside {

namespace {

/// State shared by a service and its threads. The threads may outlive the service, which its own
/// handler may destroy.
struct ServiceState {
    std::atomic<bool> stop = false;
    std::atomic<std::size_t> serving = 0;
};

/// Passes items to `handle` until the service stops or a permanent error occurs.
template <class Source, class Handle>
void serve(ServiceState& state, Source& source, const Handle& handle) {
    constexpr std::chrono::hours long_enough{1};
    // SYNC thread-stop: pairs with the service's destructor.
    while (!state.stop.load()) {
        auto got = source.next(long_enough);
        if (got) handle(*got);
        else if (!detail::Inbox::may_pass(got.error().code)) return;
    }
}

}  // namespace

/// Threads that call the handlers.
class Service::Impl {
public:
    Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() {
        // A forked child has none of its parent's threads.
        const bool is_owner = owner_ == getpid();
        // SYNC thread-stop: pairs with serve().
        state_->stop.store(true);
        for (const auto& interrupt : interrupts_) {
            if (is_owner) interrupt();
        }
        for (std::thread& thread : threads_) {
            // A handler that destroys its own service is the last one that its thread calls.
            const bool can_join = is_owner && thread.get_id() != std::this_thread::get_id();
            if (can_join) thread.join();
            else thread.detach();
        }
    }

    /// `source`: a Provider or Listener. Error: system_error (no thread is available).
    template <class Source, class Handle>
    Result<void> start(std::shared_ptr<Source> source, Handle handle) {
        // Before the thread exists, so that nothing can fail after its start.
        interrupts_.reserve(interrupts_.size() + 1);
        threads_.reserve(threads_.size() + 1);
        ++state_->serving;
        std::thread thread;
        auto started =
            detail::start_thread(thread, [state = state_, source, handle = std::move(handle)] {
                serve(*state, *source, handle);
                --state->serving;  // SYNC service-serving: pairs with is_serving().
            });
        if (!started) {
            --state_->serving;
            return started;
        }
        threads_.push_back(std::move(thread));
        interrupts_.emplace_back([source] { source->inbox().interrupt(); });
        return {};
    }
    // SYNC service-serving: pairs with the end of each thread.
    [[nodiscard]] bool is_serving() const noexcept { return state_->serving.load() > 0; }

private:
    const pid_t owner_ = getpid();
    const std::shared_ptr<ServiceState> state_ = std::make_shared<ServiceState>();
    std::vector<std::function<void()>> interrupts_;
    std::vector<std::thread> threads_;
};

namespace {

/// The caller receives the exception as a failure, if the call has no outcome yet.
void fail_with(Call& call, const char* what) {
    DocumentBuilder builder;
    builder.begin_object();
    builder.key("error");
    builder.string("the call handler threw an exception");
    builder.key("what");
    builder.string(what);
    builder.end_object();
    const auto encoded = builder.finish();
    if (encoded) {
        static_cast<void>(call.fail(Document::adopt(Bytes(encoded->begin(), encoded->end()))));
    }
}

void handle_call(const CallHandler& handler, Call& call) {
    try {
        handler(call);
    } catch (const std::exception& exception) {
        fail_with(call, exception.what());
    } catch (...) {
        fail_with(call, "unknown");
    }
}

/// A handler that throws does not accept the subject.
bool is_accepted(const WantedHandler& handler, const std::string& subject) {
    try {
        return handler(subject);
    } catch (...) {
        return false;
    }
}

void tell_unwanted(const UnwantedHandler& handler, const std::string& subject) {
    try {
        handler(subject);
    } catch (...) {  // NOLINT(bugprone-empty-catch): nobody waits for an outcome
    }
}

}  // namespace

Result<Service> Client::provide(std::string_view pattern, CallHandler handler,
                                ServiceOptions options) {
    if (options.threads == 0) {
        return Error(Errc::bad_configuration, "a service needs at least one thread");
    }
    std::vector<std::shared_ptr<Provider::Impl>> providers;
    for (std::size_t i = 0; i < options.threads; ++i) {
        auto provider = provide(pattern);
        if (!provider) return provider.error();
        providers.push_back(std::move(provider->impl_));
    }
    auto service = std::make_unique<Service::Impl>();
    const auto shared = std::make_shared<const CallHandler>(std::move(handler));
    for (auto& provider : providers) {
        auto started = service->start(std::move(provider),
                                      [shared](Call& call) { handle_call(*shared, call); });
        if (!started) return started.error();
    }
    return Service(std::move(service));
}

Result<Service> Client::listen(std::string_view pattern, WantedHandler on_wanted,
                               UnwantedHandler on_unwanted) {
    auto made = listen(pattern);
    if (!made) return made.error();
    const std::shared_ptr<Listener::Impl> listener = std::move(made->impl_);
    auto service = std::make_unique<Service::Impl>();
    auto started =
        service->start(listener, [listener, on_wanted = std::move(on_wanted),
                                  on_unwanted = std::move(on_unwanted)](const Interest& interest) {
            // On a failure the broker is gone or stuck; it asks again, or asks another listener.
            if (interest.kind == InterestKind::unwanted) {
                tell_unwanted(on_unwanted, interest.subject);
            } else if (is_accepted(on_wanted, interest.subject)) {
                static_cast<void>(listener->accept(interest));
            } else {
                static_cast<void>(listener->reject(interest));
            }
        });
    if (!started) return started.error();
    return Service(std::move(service));
}

Service::Service(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Service::Service(Service&&) noexcept = default;
Service& Service::operator=(Service&&) noexcept = default;
Service::~Service() = default;
bool Service::is_serving() const noexcept { return impl_->is_serving(); }

}  // namespace ringside
