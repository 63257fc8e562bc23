#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "listener_impl.hpp"
#include "provider_impl.hpp"

namespace ringside {

/// Threads that hand on what comes, until they are told to stop, or nothing can come any more.
class Service::Impl {
public:
    ~Impl() {
        // A forked child has none of its parent's threads.
        const bool is_owner = owner_ == getpid();
        stop_.store(true);
        for (const auto& interrupt : interrupts_) {
            if (is_owner) interrupt();
        }
        for (std::thread& thread : threads_) {
            if (is_owner) thread.join();
            else thread.detach();
        }
    }
    Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    /// `source`: a Provider's or Listener's.
    template <class Source, class Handle>
    void start(std::shared_ptr<Source> source, Handle handle) {
        ++serving_;
        interrupts_.emplace_back([source] { source->inbox().interrupt(); });
        threads_.emplace_back([this, source, handle = std::move(handle)] {
            serve(*source, handle);
            --serving_;
        });
    }
    [[nodiscard]] bool is_serving() const noexcept { return serving_.load() > 0; }

private:
    /// Until it is to stop, or an error that does not pass.
    template <class Source, class Handle>
    void serve(Source& source, const Handle& handle) {
        constexpr std::chrono::hours long_enough{1};
        while (!stop_.load()) {
            auto got = source.next(long_enough);
            if (got) handle(*got);
            else if (!detail::Inbox::may_pass(got.error().code)) return;
        }
    }

    const pid_t owner_ = getpid();
    std::atomic<bool> stop_ = false;
    std::atomic<std::size_t> serving_ = 0;
    std::vector<std::function<void()>> interrupts_;
    std::vector<std::thread> threads_;
};

Result<Service> Client::provide(std::string_view pattern, CallHandler handler,
                                ServiceOptions options) {
    if (options.threads == 0) {
        return Error(Errc::bad_configuration, "a service needs a thread");
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
        service->start(std::move(provider), [shared](Call& call) { (*shared)(call); });
    }
    return Service(std::move(service));
}

Result<Service> Client::listen(std::string_view pattern, WantedHandler on_wanted,
                               UnwantedHandler on_unwanted) {
    auto made = listen(pattern);
    if (!made) return made.error();
    const std::shared_ptr<Listener::Impl> listener = std::move(made->impl_);
    auto service = std::make_unique<Service::Impl>();
    service->start(listener, [listener, on_wanted = std::move(on_wanted),
                              on_unwanted = std::move(on_unwanted)](const Interest& interest) {
        // A failure: the broker is gone or stuck, and asks again, or another listener.
        if (interest.kind == InterestKind::unwanted) on_unwanted(interest.subject);
        else if (on_wanted(interest.subject)) static_cast<void>(listener->accept(interest));
        else static_cast<void>(listener->reject(interest));
    });
    return Service(std::move(service));
}

Service::Service(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Service::Service(Service&&) noexcept = default;
Service& Service::operator=(Service&&) noexcept = default;
Service::~Service() = default;
bool Service::is_serving() const noexcept { return impl_->is_serving(); }

}  // namespace ringside
