#pragma once

#include <pthread.h>

namespace ringside::detail {

/// One T per thread, created at the thread's first use.
///
/// A `thread_local` T would be destroyed before the static objects of the program, and before
/// earlier thread_local objects. Their destructors may still use a client. This T outlives them: it
/// is destroyed with the thread's POSIX keys, and recreated if another key's destructor asks for
/// it. The main thread's T is never destroyed.
template <class T>
class ThreadOwned {
public:
    [[nodiscard]] static T& get() {
        if (mine_ == nullptr) make();
        return *mine_;
    }

private:
    static void make() {
        mine_ = new T;
        // Without a key (the process has used all of them) the T is leaked when the thread ends.
        static const Key key = make_key();
        if (key.exists) pthread_setspecific(key.value, mine_);
    }
    static void destroy(void* object) noexcept {
        mine_ = nullptr;
        delete static_cast<T*>(object);
    }

    struct Key {
        pthread_key_t value;
        bool exists;
    };
    static Key make_key() noexcept {
        Key key{};
        key.exists = pthread_key_create(&key.value, destroy) == 0;
        return key;
    }

    static inline constinit thread_local T* mine_ = nullptr;
};

}  // namespace ringside::detail
