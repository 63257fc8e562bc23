#include "broker/config/log.hpp"

#include <spdlog/details/file_helper.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>

namespace ringside::broker {

namespace {

/// A log file that can be opened again under its name. Thread safety: all members.
class LogFile : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit LogFile(const std::string& path) { open(path); }

    void open(const std::string& path) {
        auto opened = std::make_unique<spdlog::details::file_helper>();
        opened->open(path, false);
        const std::lock_guard lock(mutex_);
        file_ = std::move(opened);
    }

protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t text;
        formatter_->format(message, text);
        file_->write(text);
    }
    void flush_() override { file_->flush(); }

private:
    std::unique_ptr<spdlog::details::file_helper> file_;
};

std::shared_ptr<LogFile> log_file;

}  // namespace

Result<void> start_log(const Options& options) {
    try {
        spdlog::sink_ptr sink;
        if (options.log_file.empty()) {
            sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
        } else {
            sink = log_file = std::make_shared<LogFile>(options.log_file);
        }
        auto logger = std::make_shared<spdlog::logger>("ringside", std::move(sink));
        logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%-7l%$ %v");
        logger->set_level(spdlog::level::from_str(options.log_level));
        logger->flush_on(spdlog::level::info);
        spdlog::set_default_logger(std::move(logger));
        return {};
    } catch (const spdlog::spdlog_ex& failure) {
        return Error(Errc::bad_configuration, failure.what());
    }
}

Result<void> reopen_log(const Options& options) {
    spdlog::set_level(spdlog::level::from_str(options.log_level));
    if (!log_file || options.log_file.empty()) return {};
    try {
        log_file->open(options.log_file);
        return {};
    } catch (const spdlog::spdlog_ex& failure) {
        return Error(Errc::bad_configuration, failure.what());
    }
}

}  // namespace ringside::broker
