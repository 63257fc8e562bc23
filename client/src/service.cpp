#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "listener_impl.hpp"
#include "provider_impl.hpp"

namespace ringside {

/// Threads that run until they are told to stop, or have nothing to serve any more.
class Service::Impl {
public:
    ~Impl() {
        stop_.store(true);
        for (std::thread& thread : threads_) {
            // A forked child has none of its parent's threads.
            if (owner_ == getpid()) thread.join();
            else thread.detach();
        }
    }
    Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    /// `serve` returns when `stop` is set.
    template <class Serve>
    void start(Serve serve) {
        ++serving_;
        threads_.emplace_back([this, serve = std::move(serve)]() mutable {
            serve(stop_);
            --serving_;
        });
    }
    [[nodiscard]] bool is_serving() const noexcept { return serving_.load() > 0; }

private:
    const pid_t owner_ = getpid();
    std::atomic<bool> stop_ = false;
    std::atomic<std::size_t> serving_ = 0;
    std::vector<std::thread> threads_;
};

namespace {

/// Hands everything that comes to `handle`, until `stop` or an error that does not pass.
template <class Source, class Handle>
void serve(Source& source, const Handle& handle, const std::atomic<bool>& stop) {
    constexpr std::chrono::hours long_enough{1};
    while (!stop.load()) {
        auto got = source.next(long_enough, &stop);
        if (got) handle(*got);
        else if (!detail::Inbox::may_pass(got.error().code)) return;
    }
}

}  // namespace

Result<Service> Client::provide(std::string_view pattern, CallHandler handler,
                                ServiceOptions options) {
    if (options.threads == 0) {
        return Error(Errc::bad_configuration, "a service needs a thread");
    }
    std::vector<std::unique_ptr<Provider::Impl>> providers;
    for (std::size_t i = 0; i < options.threads; ++i) {
        auto provider = provide(pattern);
        if (!provider) return provider.error();
        providers.push_back(std::move(provider->impl_));
    }
    auto service = std::make_unique<Service::Impl>();
    const auto shared = std::make_shared<const CallHandler>(std::move(handler));
    for (auto& provider : providers) {
        service->start([provider = std::move(provider), shared](const std::atomic<bool>& stop) {
            serve(*provider, *shared, stop);
        });
    }
    return Service(std::move(service));
}

Result<Service> Client::listen(std::string_view pattern, WantedHandler on_wanted,
                               UnwantedHandler on_unwanted) {
    auto listener = listen(pattern);
    if (!listener) return listener.error();
    auto service = std::make_unique<Service::Impl>();
    service->start([listener = std::move(listener->impl_), on_wanted = std::move(on_wanted),
                    on_unwanted = std::move(on_unwanted)](const std::atomic<bool>& stop) {
        const auto handle = [&](const Interest& interest) {
            // A failure: the broker is gone or stuck, and asks again, or another listener.
            if (interest.kind == InterestKind::unwanted) on_unwanted(interest.subject);
            else if (on_wanted(interest.subject)) static_cast<void>(listener->accept(interest));
            else static_cast<void>(listener->reject(interest));
        };
        serve(*listener, handle, stop);
    });
    return Service(std::move(service));
}

Service::Service(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Service::Service(Service&&) noexcept = default;
Service& Service::operator=(Service&&) noexcept = default;
Service::~Service() = default;
bool Service::is_serving() const noexcept { return impl_->is_serving(); }

}  // namespace ringside
