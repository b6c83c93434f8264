using System.Text.Json;
using System.Threading.Channels;
using Polly;
using Polly.Retry;

namespace Sluice.Emulator;

/// <summary>Posts the rows of one table: one reader fills posts, and a fixed number of workers send them.</summary>
internal sealed class TopicPoster
{
    private readonly PostTarget _target;
    private readonly PostFormat _format;
    private readonly EmulatorOptions _options;
    private readonly PostClient _client;
    private readonly RatePacer? _pacer;
    private readonly Action<string> _stop;
    private readonly ResiliencePipeline<PostAnswer> _retrying;
    private readonly Channel<Post> _posts;
    private readonly byte[]? _oneKey;

    /// <param name="stop">Ends the whole run, with the reason.</param>
    public TopicPoster(
        PostTarget target, PostFormat format, EmulatorOptions options, PostClient client, RatePacer? pacer, TimeProvider time, Action<string> stop)
    {
        (_target, _format, _options, _client, _pacer, _stop) = (target, format, options, client, pacer, stop);
        _oneKey = options.PartitionKey is { } key ? JsonSerializer.SerializeToUtf8Bytes(key) : null;
        Counts = new TopicCounts(target.Topic);
        _retrying = Retrying(options, time);
        // A post in the channel for every four under way: the reader stays ahead without holding many rows.
        _posts = Channel.CreateBounded<Post>(new BoundedChannelOptions(1 + (options.InFlight / 4)) { SingleWriter = true });
    }

    public TopicCounts Counts { get; }

    public async Task RunAsync(RowDraw rows, CancellationToken stop)
    {
        var workers = Enumerable.Range(0, _options.InFlight).Select(_ => SendAllAsync(stop)).ToArray();
        try
        {
            await ReadAllAsync(rows, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The workers below end what they have sent; rows not yet sent are not counted.
        }
        catch (Exception e) when (e is Sluice.Source.SourceException or InvalidDataException)
        {
            _stop(e.Message);
        }
        finally
        {
            _posts.Writer.Complete();
            await Task.WhenAll(workers);
        }
    }

    private async Task ReadAllAsync(RowDraw rows, CancellationToken stop)
    {
        var post = new Post(_format);
        await foreach (var row in rows.ReadAsync(stop).WithCancellation(stop))
        {
            post.Add(RowOf(row));
            if (post.Rows.Count == _options.RecordsPerPost || post.Length >= EmulatorLimits.PostBytes)
            {
                await _posts.Writer.WriteAsync(post, stop);
                post = new Post(_format);
            }
        }

        if (post.Rows.Count > 0)
        {
            await _posts.Writer.WriteAsync(post, stop);
        }
    }

    private PostRow RowOf(ReadOnlyMemory<byte> row) => (_target.KeyColumn, _oneKey) switch
    {
        (null, _) => new PostRow(row, default),
        (_, { } key) => new PostRow(row, key),
        ({ } column, null) => PostRow.Of(row, column),
    };

    private async Task SendAllAsync(CancellationToken stop)
    {
        try
        {
            await foreach (var post in _posts.Reader.ReadAllAsync(stop))
            {
                if (_pacer is not null)
                {
                    await _pacer.TakeAsync(post.Rows.Count, stop);
                }

                stop.ThrowIfCancellationRequested();
                await SendAsync(post, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Nothing of this worker is under way: a post that was sent has been settled by SendAsync.
        }
    }

    private async Task SendAsync(Post post, CancellationToken stop)
    {
        PostAnswer last;
        try
        {
            last = await _retrying.ExecuteAsync(
                static (state, _) => state.Poster.TryAsync(state.Post), (Poster: this, Post: post), stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Refuse(post, "the run ended before a retry");
            return;
        }

        if (last.Left)
        {
            Refuse(post, last.Reason ?? "no answer");
            if (last.IsDown && !stop.IsCancellationRequested)
            {
                _stop($"{_target.Url} did not work {post.Attempts} times in a row ({last.Reason}); check that it runs and the address is right.");
            }
        }
    }

    private async ValueTask<PostAnswer> TryAsync(Post post)
    {
        var records = post.Rows.Count;
        if (post.Attempts++ == 0)
        {
            Counts.AddSent(records);
        }
        else
        {
            Counts.AddRetried(records);
        }

        var answer = await _client.TryAsync(_target.Url, post);
        Counts.AddAccepted(answer.Accepted);
        if (answer.Refused > 0)
        {
            Counts.AddRefused(answer.Refused, answer.Reason ?? "refused");
        }

        return answer;
    }

    private void Refuse(Post post, string reason)
    {
        if (post.Attempts > 0)
        {
            Counts.AddRefused(post.Rows.Count, reason);
        }
    }

    private static ResiliencePipeline<PostAnswer> Retrying(EmulatorOptions options, TimeProvider time)
    {
        var builder = new ResiliencePipelineBuilder<PostAnswer> { TimeProvider = time };
        return options.Attempts == 1 ? builder.Build() : builder
            .AddRetry(new RetryStrategyOptions<PostAnswer>
            {
                ShouldHandle = static args => ValueTask.FromResult(args.Outcome.Result is { Left: true }),
                MaxRetryAttempts = options.Attempts - 1,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.FirstPause,
                MaxDelay = options.LongestPause,
                DelayGenerator = args => ValueTask.FromResult(args.Outcome.Result?.RetryAfter is { } asked
                    ? asked < options.LongestPause ? asked : options.LongestPause
                    : (TimeSpan?)null),
            })
            .Build();
    }
}
