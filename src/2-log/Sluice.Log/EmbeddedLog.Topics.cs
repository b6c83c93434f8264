using Microsoft.Extensions.Logging;
using Sluice.Bytes;
using Sluice.Log.Metadata;
using Sluice.Log.Partitions;
using Sluice.Log.Segments;
using Sluice.Log.Topics;

namespace Sluice.Log;

public sealed partial class EmbeddedLog
{
    /// <summary>
    /// Opens over a metadata store of the caller's. Without threads nothing is written until <see cref="RunRound"/> is called, which
    /// makes every step of a simulation repeatable.
    /// </summary>
    internal static EmbeddedLog Open(
        EmbeddedLogOptions options, IFileSystem files, TimeProvider time, ILogger logger, MetadataStore metadata, bool threaded)
    {
        if (options.FaultOfTopicDefaults() is { } reason)
            throw new ArgumentException($"The topic defaults are invalid: {reason}", nameof(options));
        files.CreateDirectory(options.Directory);
        var storage = new PartitionStorage(files, time, metadata, new OpenFiles(files, options.Limits.OpenFilesMax), logger);
        var log = new EmbeddedLog(options, storage, threaded);
        log.OpenTopics();
        if (threaded) log.StartThreads();
        return log;
    }

    /// <summary>Throws unless the topic can be created as asked.</summary>
    private TopicConfig Validate(TopicSpec spec)
    {
        if (TopicName.Fault(spec.Name) is { } wrong) throw new InvalidTopicException(spec.Name, wrong);
        if (spec.PartitionCount < 1 || spec.PartitionCount > _options.Limits.PartitionsPerTopicMax)
        {
            var fault = $"a topic has 1 to {_options.Limits.PartitionsPerTopicMax} partitions, not {spec.PartitionCount}.";
            throw new InvalidTopicException(spec.Name, fault, TopicFault.PartitionCount);
        }

        return TopicConfig.TryParse(_options.TopicDefaults, spec.Configs, out var reason)
            ?? throw new InvalidTopicException(spec.Name, reason, TopicFault.Config);
    }

    /// <exception cref="IOException">A directory of that name is there although the topic is not.</exception>
    public async ValueTask<TopicDescription> CreateTopicAsync(TopicSpec spec, CancellationToken cancel)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        await _topicGate.WaitAsync(cancel);
        try
        {
            return Create(spec, static (_, _) => null).Description;
        }
        finally
        {
            _topicGate.Release();
        }
    }

    public async ValueTask<bool> DeleteTopicAsync(string topic, CancellationToken cancel)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        await _topicGate.WaitAsync(cancel);
        try
        {
            if (!_topics.TryGetValue(topic, out var live)) return false;
            await DeleteAsync(live);
            return true;
        }
        finally
        {
            _topicGate.Release();
        }
    }

    /// <summary>Deletes a topic, which may be a stream; the caller has the gate.</summary>
    private async Task DeleteAsync(LiveTopic live)
    {
        if (live.Stream is not null) RemoveLeftShards(live.Description);
        else RemoveBeyond(live.Description);
        _storage.Metadata.SetTopicState(live.Description.Id, TopicState.Deleting);
        _topics.TryRemove(live.Description.Name, out _);
        Interlocked.Increment(ref _topicsVersion);
        await OnWritersAsync(live.Partitions, static writer => writer.Abandon());
        foreach (var partition in live.Partitions) partition.Shared.Leave();
        DeleteFiles(live.Description);
        foreach (var segment in live.Partitions.SelectMany(p => p.Shared.Segments)) _storage.Forget(segment);
    }

    /// <summary>Creates a topic, a stream when a description of one is made of it; the caller has the gate.</summary>
    private LiveTopic Create(TopicSpec spec, Func<TopicDescription, long, StreamDescription?> describe)
    {
        var config = Validate(spec);
        if (_topics.ContainsKey(spec.Name)) throw new TopicExistsException(spec.Name);
        var configs = new Dictionary<string, string>(spec.Configs, StringComparer.Ordinal);
        var topic = new TopicDescription(Guid.NewGuid(), spec.Name, spec.PartitionCount, configs);
        var createdMs = _storage.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var stream = describe(topic, createdMs);
        CreateFiles(topic, createdMs, stream);
        var live = OpenTopic(topic, config, stream, new Dictionary<(Guid, int), long>());
        _topics[spec.Name] = live;
        Interlocked.Increment(ref _topicsVersion);
        return live;
    }

    private void OpenTopics()
    {
        var stored = _storage.Metadata.Topics();
        var starts = _storage.Metadata.StartOffsets();
        var streams = _storage.Metadata.Streams();
        foreach (var (topic, state) in stored)
        {
            if (state != TopicState.Live) DeleteFiles(topic);
        }

        foreach (var name in _storage.Files.ListDirectories(_options.Directory).Where(TopicName.IsDeletedDirectory))
            _storage.Files.DeleteDirectory(Path.Combine(_options.Directory, name));
        foreach (var (topic, _) in stored.Where(t => t.State == TopicState.Live))
        {
            var config = TopicConfig.TryParse(_options.TopicDefaults, topic.Configs, out var reason)
                ?? throw new InvalidDataException($"The stored topic '{topic.Name}' is invalid: {reason}");
            var stream = streams.TryGetValue(topic.Id, out var storedStream) ? OpenStream(topic, storedStream) : null;
            _topics[topic.Name] = OpenTopic(topic, config, stream, starts);
        }
    }

    private LiveTopic OpenTopic(TopicDescription topic, TopicConfig config, StreamDescription? stream, Dictionary<(Guid, int), long> starts)
    {
        var partitions = new LivePartition[topic.PartitionCount];
        for (var i = 0; i < partitions.Length; i++)
        {
            partitions[i] = OpenPartition(topic, i, config, starts.GetValueOrDefault((topic.Id, i)));
            if (stream?.Shards[i].IsClosed == true) partitions[i].Shared.Close();
        }

        return new LiveTopic(topic, config, partitions, stream);
    }

    private LivePartition OpenPartition(TopicDescription topic, int number, TopicConfig config, long start)
    {
        var name = new TopicPartition(topic.Name, number);
        var directory = TopicName.Directory(_options.Directory, name);
        var recovered = new PartitionRecovery(_storage, directory, start, _options.Limits).Open();
        start = Math.Max(start, recovered.Segments[0].BaseOffset);
        if (start > recovered.EndOffset)
            throw new CorruptLogException(directory, 0, $"it ends at offset {recovered.EndOffset}, its first retained offset is {start}.");
        var limits = _options.Limits;
        var queue = new AppendQueue(limits.QueuedAppendsMax, limits.QueuedBytesMax);
        var marks = new Watermarks(start, recovered.Producers.LastStable(recovered.EndOffset), recovered.EndOffset);
        var shared = new Partition(name, queue, recovered.Segments, marks);
        var thread = _writers[_writersGiven++ % _writers.Length];
        var settings = new PartitionSettings(directory, topic.Id, config, _options.Durability, limits, thread.Buffer);
        var writer = new PartitionWriter(shared, settings, _storage, recovered);
        return new LivePartition(shared, new PartitionReader(shared, _storage.OpenFiles, limits.ReadBytesMax), writer, thread);
    }

    /// <summary>Makes the directories and first segments. A crash or failure in between leaves the topic "creating", which the next start undoes.</summary>
    private void CreateFiles(TopicDescription topic, long createdMs, StreamDescription? stream)
    {
        var directories = PartitionNames(topic).Select(name => TopicName.Directory(_options.Directory, name)).ToArray();
        if (directories.FirstOrDefault(d => _storage.Files.ListFiles(d).Count > 0) is { } taken)
            throw new IOException($"Topic '{topic.Name}' cannot be created: '{taken}' holds files of no known topic. Move them away.");
        _storage.Metadata.InsertTopic(topic, TopicState.Creating, createdMs, stream);
        try
        {
            foreach (var directory in directories)
            {
                _storage.Files.CreateDirectory(directory);
                PartitionWriter.Create(_storage.Files, directory, baseOffset: 0);
            }

            _storage.Metadata.SetTopicState(topic.Id, TopicState.Live);
        }
        catch (IOException)
        {
            DeleteFiles(topic);
            throw;
        }
    }

    /// <summary>
    /// Deletes a topic that is marked as going: first its directories lose their names, then it leaves the metadata, then the files go.
    /// Any part of it may be done already.
    /// </summary>
    private void DeleteFiles(TopicDescription topic)
    {
        var renamed = new List<string>();
        var present = _storage.Files.ListDirectories(_options.Directory).ToHashSet(StringComparer.Ordinal);
        foreach (var name in PartitionNames(topic).Where(name => present.Contains(name.ToString())))
        {
            var deleted = TopicName.DeletedDirectory(_options.Directory, topic.Id, name.Partition);
            _storage.Files.Replace(TopicName.Directory(_options.Directory, name), deleted);
            renamed.Add(deleted);
        }

        _storage.Files.SyncDirectory(_options.Directory);
        _storage.Metadata.DeleteTopic(topic.Id);
        foreach (var directory in renamed) _storage.Files.DeleteDirectory(directory);
    }

    private static IEnumerable<TopicPartition> PartitionNames(TopicDescription topic) =>
        Enumerable.Range(0, topic.PartitionCount).Select(i => new TopicPartition(topic.Name, i));
}
